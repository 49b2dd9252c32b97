import type {
  FilledPrompt,
  ProblemCode,
  ReadAnswer,
  ReadFailure,
  ResourceContent,
} from "@millrace/contracts";
import type { FleetView, JobStore } from "@millrace/job-store";
import type { Principal } from "./access/principal.ts";
import { reportOf, WORKERS_WAIT_MS } from "./fleet-lists.ts";
import { ProblemError } from "./http/problem.ts";

/** `not_connected` leads to another worker instead. */
type Codes = Record<Exclude<ReadFailure, "not_connected">, ProblemCode>;

const RESOURCE_CODES: Codes = {
  not_found: "resource_not_found",
  refused: "resource_refused",
  too_large: "resource_too_large",
  timeout: "resource_timeout",
};

const PROMPT_CODES: Codes = {
  // It is listed: servers say the same of arguments that do not fit.
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
  return await askHolders(fleet, server, RESOURCE_CODES, async (id) => {
    const ask = { workers: [id], timeoutMs: WORKERS_WAIT_MS, signal };
    const outcomes = await store.requests.ask({ name: "read_resource", body: { server, uri }, ...ask });
    const outcome = outcomes.get(id);
    return outcome?.outcome === "answered" ? outcome.answer : notAnswered();
  });
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
  return await askHolders(fleet, server, PROMPT_CODES, async (id) => {
    const ask = { workers: [id], timeoutMs: WORKERS_WAIT_MS, signal };
    const outcomes = await store.requests.ask({ name: "get_prompt", body, ...ask });
    const outcome = outcomes.get(id);
    return outcome?.outcome === "answered" ? outcome.answer : notAnswered();
  });
}

function notAnswered(): ReadAnswer<never> {
  const message = `The worker that was asked gave no answer; it has ${WORKERS_WAIT_MS / 1_000} s. Try again.`;
  return { ok: false, reason: "timeout", message };
}

async function askHolders<Contents>(
  fleet: FleetView,
  server: string,
  codes: Codes,
  ask: (workerId: string) => Promise<ReadAnswer<Contents>>,
): Promise<Contents> {
  for (const { id } of fleet.holders(server)) {
    const answer = await ask(id);
    if (answer.ok) return answer.contents;
    if (answer.reason === "not_connected") continue;
    throw new ProblemError(codes[answer.reason], { detail: answer.message });
  }
  throw new ProblemError("server_unavailable", {
    detail: `No worker has server "${server}" connected. GET /mcp/servers tells why; try again when it is.`,
  });
}
