import { createHost, startProcessGuard, type Host, type ServerSettings } from "@millrace/host-core";
import type { Logger } from "pino";

export interface WarmHost {
  readonly host: Host;
  /** Ends the servers. Harmless when repeated. */
  close(): Promise<void>;
}

/** Starts the MCP servers, and a guard that ends them should this process be killed. */
export function startWarmHost(servers: readonly ServerSettings[], logger: Logger): WarmHost {
  const processGuard = startProcessGuard({
    graceMs: 0,
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
