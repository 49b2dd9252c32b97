import { ReloadResponse, type WorkerReload } from "@millrace/contracts";
import type { FleetOutcome } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/authenticate.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { WORKERS_WAIT_MS } from "../fleet-lists.ts";
import { json, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { waitSignal } from "../http/wait-signal.ts";

type Outcomes = ReadonlyMap<string, FleetOutcome<"reload">>;

/** `POST /mcp/reload`. */
export function mcpReloadRoutes({ store, shutdown }: ApiDependencies) {
  return new Hono<AccessEnvironment>().post(
    "/mcp/reload",
    describeRoute({
      tags: ["mcp"],
      summary: "Read the MCP configuration again, on every worker",
      description: `Only servers whose settings have changed are started anew, and calls in flight finish where they are. Answers once new servers have connected or failed, after ${WORKERS_WAIT_MS / 1_000} s at most. A worker whose file is not valid changes nothing: 422.`,
      responses: { 200: json("What each worker did", ReloadResponse), ...problems(401, 422, 503) },
    }),
    async (c) => {
      const { workers: live } = await store.fleet();
      const workers = live.map(({ id }) => id);
      const signal = waitSignal(c, shutdown);
      const request = { name: "reload", body: null, workers, timeoutMs: WORKERS_WAIT_MS, signal } as const;
      const outcomes = await store.requests.ask(request);
      refuseInvalid(outcomes);
      const reports = [...outcomes].map(([id, outcome]) => reportOf(id, outcome));
      return c.json({ message: summaryOf(reports), workers: reports });
    },
  );
}

/** One invalid file is enough: whoever deploys a configuration must not take this for a success. */
function refuseInvalid(outcomes: Outcomes): void {
  const invalid = [...outcomes].flatMap(([id, outcome]) => {
    const answer = outcome.outcome === "answered" ? outcome.answer : null;
    return answer?.ok === false ? [{ id, ...answer }] : [];
  });
  const [first] = invalid;
  if (!first) return;
  const others = [...outcomes.keys()].filter((id) => !invalid.some((worker) => worker.id === id));
  const rest = others.length > 0 ? ` These workers have read a valid file: ${others.join(", ")}.` : "";
  const where = invalid.map(({ id }) => id).join(", ");
  throw new ProblemError("config_invalid", {
    detail: `Nothing has changed on ${where}: ${first.message.replaceAll(/\s*\n\s*/g, " ")}.${rest}`,
    ...(first.errors.length > 0 ? { errors: [...first.errors] } : {}),
  });
}

function reportOf(id: string, outcome: FleetOutcome<"reload">): WorkerReload {
  if (outcome.outcome === "answered" && outcome.answer.ok) return { id, ...outcome.answer.report };
  const message =
    outcome.outcome === "failed"
      ? outcome.message
      : `this worker gave no answer within ${WORKERS_WAIT_MS / 1_000} s: it may have died, or still be at it`;
  return { id, added: [], removed: [], changed: [], unchanged: [], errors: [{ server: null, message }] };
}

function summaryOf(reports: readonly WorkerReload[]): string {
  if (reports.length === 0) return "No worker is running; one that starts reads the file as it is then.";
  const failures = reports.filter(({ errors }) => errors.length > 0).length;
  const workers = reports.length === 1 ? "1 worker" : `${reports.length} workers`;
  return failures === 0
    ? `Reloaded on ${workers}.`
    : `Asked ${workers} to reload; ${failures} of them report errors.`;
}
