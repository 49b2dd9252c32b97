import type { ServerReport } from "@millrace/contracts";
import type { FleetView, JobStore } from "@millrace/job-store";
import { z } from "zod";
import type { Principal } from "./access/principal.ts";
import { ProblemError } from "./http/problem.ts";

/** How long a request waits for the workers, in milliseconds. */
export const WORKERS_WAIT_MS = 15_000;

export const RefreshQuery = z.strictObject({
  refresh: z.enum(["true", "false"]).optional().describe("Whether the workers list again first."),
});
export const REFRESH = `\`?refresh=true\` makes the workers list again first, for ${WORKERS_WAIT_MS / 1_000} s at most.`;

type RefreshQuery = z.infer<typeof RefreshQuery>;
type AskingKey = Pick<Principal, "toolAccess">;

/** What the fleet's servers offer. A worker that does not list again in time leaves its lists as they are. */
export function createFleetLists(store: JobStore) {
  const refresh = async (
    server: string | null,
    workers: string[],
    signal: AbortSignal,
  ): Promise<FleetView> => {
    const body = { server };
    await store.requests.ask({ name: "refresh", body, workers, timeoutMs: WORKERS_WAIT_MS, signal });
    return await store.fleet();
  };
  return {
    async fleet({ toolAccess }: AskingKey, query: RefreshQuery, signal: AbortSignal): Promise<FleetView> {
      const fleet = (await store.fleet()).visibleTo(toolAccess);
      if (query.refresh !== "true") return fleet;
      const workers = fleet.workers.map(({ id }) => id);
      return (await refresh(null, workers, signal)).visibleTo(toolAccess);
    },

    /** One server's. */
    async report(
      { toolAccess }: AskingKey,
      server: string,
      query: RefreshQuery,
      signal: AbortSignal,
    ): Promise<ServerReport> {
      const fleet = (await store.fleet()).visibleTo(toolAccess);
      const report = reportOf(fleet, server);
      if (query.refresh !== "true") return report;
      const workers = fleet.holders(server).map(({ id }) => id);
      return reportOf((await refresh(server, workers, signal)).visibleTo(toolAccess), server);
    },
  };
}

/** @throws ProblemError `server_not_found`, with the names of those that there are. */
export function reportOf(fleet: FleetView, server: string): ServerReport {
  const report = fleet.reports.find(({ name }) => name === server);
  if (report) return report;
  const known = fleet.reports.map(({ name }) => name).join(", ") || "none, as no worker has reported";
  throw new ProblemError("server_not_found", {
    detail: `There is no server "${server}". Servers: ${known}.`,
  });
}
