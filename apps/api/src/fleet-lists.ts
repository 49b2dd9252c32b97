import { FLEET_REQUEST_MS, type ServerReport } from "@millrace/contracts";
import type { FleetView } from "@millrace/job-store";
import type { Context } from "hono";
import { z } from "zod";
import type { AccessEnvironment } from "./access/principal.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { ProblemError } from "./http/problem.ts";
import { waitSignal } from "./http/wait-signal.ts";

export const RefreshQuery = z.strictObject({
  refresh: z.enum(["true", "false"]).optional().describe("Whether the workers list again first."),
});
export const REFRESH = `\`?refresh=true\` makes the workers list again first, for ${FLEET_REQUEST_MS / 1_000} s at most.`;

type RefreshQuery = z.infer<typeof RefreshQuery>;
type AskingContext = Context<AccessEnvironment>;

/** What the fleet's servers offer. A worker that does not list again in time leaves its lists as they are. */
export function createFleetLists({ store, shutdown }: Pick<ApiDependencies, "store" | "shutdown">) {
  const refresh = async (
    server: string | null,
    workers: string[],
    signal: AbortSignal,
  ): Promise<FleetView> => {
    const body = { server };
    await store.requests.ask({ name: "refresh", body, workers, timeoutMs: FLEET_REQUEST_MS, signal });
    return await store.fleet();
  };
  return {
    async fleet(c: AskingContext, query: RefreshQuery): Promise<FleetView> {
      const { toolAccess } = c.get("principal");
      const fleet = (await store.fleet()).visibleTo(toolAccess);
      if (query.refresh !== "true") return fleet;
      const workers = fleet.workers.map(({ id }) => id);
      return (await refresh(null, workers, waitSignal(c, shutdown))).visibleTo(toolAccess);
    },

    /** Of the server that the path names. */
    async report(c: AskingContext, query: RefreshQuery): Promise<ServerReport> {
      const { toolAccess } = c.get("principal");
      const server = c.req.param("server") ?? "";
      const fleet = (await store.fleet()).visibleTo(toolAccess);
      const report = reportOf(fleet, server);
      if (query.refresh !== "true") return report;
      const workers = fleet.holders(server).map(({ id }) => id);
      return reportOf(
        (await refresh(server, workers, waitSignal(c, shutdown))).visibleTo(toolAccess),
        server,
      );
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
