import {
  FLEET_REQUEST_MS,
  type FilledPrompt,
  type FleetRequests,
  type ProblemCode,
  type ReadAnswer,
  type ReadFailure,
  type ResourceContent,
} from "@millrace/contracts";
import type { FleetOutcome, FleetView, JobStore } from "@millrace/job-store";
import type { Principal } from "./access/principal.ts";
import { firstAnswer } from "./first-answer.ts";
import { reportOf } from "./fleet-lists.ts";
import { ProblemError } from "./http/problem.ts";

/** A worker that is silent for this long may have died: another is asked as well. In milliseconds. */
const PATIENCE_MS = 5_000;

/** `not_connected` leads to another worker instead. */
type Codes = Record<Exclude<ReadFailure, "not_connected">, ProblemCode>;

const RESOURCE_CODES: Codes = {
  not_found: "resource_not_found",
  refused: "resource_refused",
  too_large: "resource_too_large",
  timeout: "resource_timeout",
};

const PROMPT_CODES: Codes = {
  // The prompt is listed, so it is there: servers answer this also when arguments do not fit.
  not_found: "prompt_refused",
  refused: "prompt_refused",
  too_large: "prompt_too_large",
  timeout: "prompt_timeout",
};

type AskingKey = Pick<Principal, "toolAccess">;

/**
 * Reads a resource through a worker that has the server connected, or else through one that may connect it.
 * @throws ProblemError for whatever stands in the way.
 */
export async function readResource(
  store: JobStore,
  { toolAccess }: AskingKey,
  { server, uri }: { server: string; uri: string },
  signal: AbortSignal,
): Promise<ResourceContent[]> {
  const fleet = (await store.fleet()).visibleTo(toolAccess);
  reportOf(fleet, server);
  const body = { server, uri };
  return await askHolders({ fleet, server, codes: RESOURCE_CODES, signal }, async (asked) =>
    answerIn(await store.requests.ask({ name: "read_resource", body, ...asked })),
  );
}

/** A prompt with its arguments filled in, likewise. */
export async function getPrompt(
  store: JobStore,
  { toolAccess }: AskingKey,
  body: { server: string; prompt: string; arguments: Record<string, string> },
  signal: AbortSignal,
): Promise<FilledPrompt> {
  const { server, prompt } = body;
  const fleet = (await store.fleet()).visibleTo(toolAccess);
  const { prompts, truncated } = reportOf(fleet, server);
  if (!truncated && !prompts.some(({ name }) => name === prompt)) {
    const known = prompts.map(({ name }) => name).join(", ") || "none";
    throw new ProblemError("prompt_not_found", {
      detail: `Server "${server}" has no prompt "${prompt}". Its prompts: ${known}.`,
    });
  }
  return await askHolders({ fleet, server, codes: PROMPT_CODES, signal }, async (asked) =>
    answerIn(await store.requests.ask({ name: "get_prompt", body, ...asked })),
  );
}

/** The answer of the one worker that was asked; null when it gave none. */
function answerIn<Name extends "read_resource" | "get_prompt">(
  outcomes: ReadonlyMap<string, FleetOutcome<Name>>,
): FleetRequests[Name]["answer"] | null {
  const [outcome] = outcomes.values();
  return outcome?.outcome === "answered" ? outcome.answer : null;
}

interface Reading {
  fleet: FleetView;
  server: string;
  codes: Codes;
  signal: AbortSignal;
}

interface Asked {
  workers: [id: string];
  timeoutMs: number;
  signal: AbortSignal;
}

async function askHolders<Contents>(
  { fleet, server, codes, signal }: Reading,
  ask: (asked: Asked) => Promise<ReadAnswer<Contents> | null>,
): Promise<Contents> {
  const until = performance.now() + FLEET_REQUEST_MS;
  let someWereSilent = false;
  const answer = await firstAnswer({
    candidates: fleet.holders(server),
    patienceMs: PATIENCE_MS,
    signal: AbortSignal.any([signal, AbortSignal.timeout(FLEET_REQUEST_MS)]),
    ask: async ({ id }, asking) => {
      const timeoutMs = Math.max(0, Math.ceil(until - performance.now()));
      const given = await ask({ workers: [id], timeoutMs, signal: asking });
      if (given === null) someWereSilent = true;
      return given?.ok === false && given.reason === "not_connected" ? null : given;
    },
  });
  if (answer?.ok) return answer.contents;
  if (answer && answer.reason !== "not_connected") {
    throw new ProblemError(codes[answer.reason], { detail: answer.message });
  }
  if (someWereSilent) {
    const detail = `No worker that was asked gave an answer within ${FLEET_REQUEST_MS / 1_000} s. Try again.`;
    throw new ProblemError(codes.timeout, { detail });
  }
  throw new ProblemError("server_unavailable", {
    detail: `No worker has server "${server}" connected. GET /mcp/servers tells why; try again when it is.`,
  });
}
