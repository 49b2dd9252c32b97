import {
  ConfigError,
  FLEET_REQUEST_MS,
  mayUseServer,
  ReloadResponse,
  type ToolAccess,
  type WorkerReload,
} from "@millrace/contracts";
import type { FleetOutcome } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { KeyRing } from "../access/key-ring.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";
import { waitSignal } from "../http/wait-signal.ts";
import { invalidKeys, invalidServers } from "./invalid-config.ts";

/** `POST /mcp/reload`. */
export function mcpReloadRoutes({ store, keyRing, shutdown }: ApiDependencies) {
  return new Hono<AccessEnvironment>().post(
    "/mcp/reload",
    describeRoute({
      tags: ["mcp"],
      summary: "Reload the MCP configuration on every worker, and the API keys",
      description: `Only servers whose settings have changed are started again; calls in flight finish on the old connection. The answer comes when the new servers have connected or failed, within ${FLEET_REQUEST_MS / 1_000} s. The API keys are read first. 422 when a file is not valid: whoever has read it then changes nothing.`,
      responses: { 200: json("What each worker did", ReloadResponse), ...problems(401, 413, 422, 503) },
    }),
    async (c) => {
      const { toolAccess } = c.get("principal");
      await reloadKeys(keyRing, toolAccess);
      await store.keyReloads.announce();
      const { workers: live } = await store.fleet();
      const workers = live.map(({ id }) => id);
      const signal = waitSignal(c, shutdown);
      const request = { name: "reload", body: null, workers, timeoutMs: FLEET_REQUEST_MS, signal } as const;
      const outcomes = await store.requests.ask(request);
      // One invalid file is enough: whoever deploys a configuration must not take this for a success.
      const invalid = invalidServers(outcomes, toolAccess);
      if (invalid) throw invalid;
      const reports = [...outcomes].map(([id, outcome]) => visibleReport(reportOf(id, outcome), toolAccess));
      return c.json({ message: summaryOf(reports), workers: reports });
    },
  );
}

async function reloadKeys(keyRing: KeyRing, access: ToolAccess | null): Promise<void> {
  try {
    await keyRing.reload();
  } catch (error) {
    throw error instanceof ConfigError ? invalidKeys(error, access) : error;
  }
}

/** What a key may not use, it does not hear of. */
function visibleReport(report: WorkerReload, access: ToolAccess | null): WorkerReload {
  if (!access) return report;
  const visible = (names: string[]) => names.filter((name) => mayUseServer(access, name));
  const { id, added, removed, changed, unchanged, errors } = report;
  return {
    id,
    added: visible(added),
    removed: visible(removed),
    changed: visible(changed),
    unchanged: visible(unchanged),
    errors: errors.filter(({ server }) => server === null || mayUseServer(access, server)),
  };
}

function reportOf(id: string, outcome: FleetOutcome<"reload">): WorkerReload {
  if (outcome.outcome === "answered" && outcome.answer.ok) return { id, ...outcome.answer.report };
  const message =
    outcome.outcome === "failed"
      ? outcome.message
      : `this worker gave no answer within ${FLEET_REQUEST_MS / 1_000} s: it may have died, or still be at it`;
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
