import type { ProblemCode, ReadFailure, ResourceContent } from "@millrace/contracts";
import type { FleetOutcome, JobStore } from "@millrace/job-store";
import { reportOf, WORKERS_WAIT_MS } from "./fleet-lists.ts";
import { ProblemError } from "./http/problem.ts";

/** `not_connected` leads to another worker instead. */
const CODES: Record<Exclude<ReadFailure, "not_connected">, ProblemCode> = {
  not_found: "resource_not_found",
  refused: "resource_refused",
  too_large: "resource_too_large",
  timeout: "resource_timeout",
};

/**
 * Reads a resource through a worker that has the server connected, or else through one that may connect it.
 * @throws ProblemError for whatever stands in the way.
 */
export async function readResource(
  store: JobStore,
  server: string,
  uri: string,
  signal: AbortSignal,
): Promise<ResourceContent[]> {
  const fleet = await store.fleet();
  reportOf(fleet, server);
  for (const { id } of fleet.holders(server)) {
    const ask = { workers: [id], timeoutMs: WORKERS_WAIT_MS, signal };
    const outcomes = await store.requests.ask({ name: "read_resource", body: { server, uri }, ...ask });
    const contents = contentsOf(outcomes.get(id));
    if (contents) return contents;
  }
  throw new ProblemError("server_unavailable", {
    detail: `No worker has server "${server}" connected. GET /mcp/servers tells why; try again when it is.`,
  });
}

/** Null when this worker cannot reach the server. */
function contentsOf(outcome: FleetOutcome<"read_resource"> | undefined): ResourceContent[] | null {
  if (outcome?.outcome !== "answered") {
    throw new ProblemError("resource_timeout", {
      detail: `The worker that was asked gave no answer; it has ${WORKERS_WAIT_MS / 1_000} s. Try again.`,
    });
  }
  const { answer } = outcome;
  if (answer.ok) return answer.contents;
  if (answer.reason === "not_connected") return null;
  throw new ProblemError(CODES[answer.reason], { detail: answer.message });
}
