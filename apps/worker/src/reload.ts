import { ConfigError, FLEET_REQUEST_MS, type ReloadAnswer } from "@millrace/contracts";
import { loadMcpConfig, type Host } from "@millrace/host-core";
import type { WorkerRegistry } from "@millrace/job-store";
import type { Logger } from "pino";
import type { WorkerConfig } from "./config.ts";

/** How long new servers are waited for, so that the answer comes in time. In milliseconds. */
const SETTLE_MS = FLEET_REQUEST_MS - 1_000;

export interface ReloadDependencies {
  host: Pick<Host, "reload">;
  mcp: WorkerConfig["mcp"];
  /** Told to make the new lists known. */
  registry: Pick<WorkerRegistry, "publish">;
  logger: Logger;
}

/** Reads the file again and changes to what it says. A file that is not valid changes nothing. */
export type Reload = () => Promise<ReloadAnswer>;

/**
 * One reload runs at a time. Who asks during one gets the next, which all who ask until then share: the file may have
 * changed after it was read.
 */
export function createReload(dependencies: ReloadDependencies): Reload {
  let running: Promise<ReloadAnswer> | null = null;
  let next: Promise<ReloadAnswer> | null = null;

  const start = (): Promise<ReloadAnswer> => {
    next = null;
    const reload = reloadOnce(dependencies).finally(() => {
      if (running === reload) running = null;
    });
    running = reload;
    return reload;
  };
  return () => {
    if (!running) return start();
    next ??= running.then(start, start);
    return next;
  };
}

async function reloadOnce({ host, mcp, registry, logger }: ReloadDependencies): Promise<ReloadAnswer> {
  try {
    const { servers, warnings } = await loadMcpConfig(mcp);
    for (const warning of warnings) logger.warn(warning);
    const { added, removed, changed, unchanged, errors } = await host.reload(servers, SETTLE_MS);
    logger.info(
      { added, removed, changed, unchanged: unchanged.length, errors },
      "MCP configuration reloaded",
    );
    await registry.publish();
    return { ok: true, report: { added, removed, changed, unchanged, errors } };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message, errors } = error;
    logger.error({ errors }, `MCP configuration not reloaded, nothing has changed: ${message}`);
    return { ok: false, message, errors };
  }
}
