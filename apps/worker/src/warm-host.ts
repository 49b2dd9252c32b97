import { createHost, startProcessGuard, type Host, type ServerSettings } from "@millrace/host-core";
import type { Logger } from "pino";

/** What a server has started in a group of its own, such as a browser, only that server can end. */
const GUARD_GRACE_MS = 2_000;

export interface WarmHost {
  readonly host: Host;
  /** Ends the servers. Harmless when repeated. */
  close(): Promise<void>;
}

/** Starts the MCP servers, and a guard that ends them should this process be killed. */
export function startWarmHost(servers: readonly ServerSettings[], logger: Logger): WarmHost {
  const processGuard = startProcessGuard({
    graceMs: GUARD_GRACE_MS,
    order: "together",
    onLost: (reason) => logger.error({ reason }, "MCP servers would outlive this worker if it were killed"),
  });
  const host = createHost({ servers, logger, processGuard });
  logger.info({ servers: servers.map(({ name }) => name) }, "Connecting MCP servers");
  host.start();
  return {
    host,
    close: async () => {
      await host.close();
      await processGuard.close();
    },
  };
}
