import type { LookupFunction } from "node:net";
import { redactingLogger } from "../config/redacting-logger.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { Logger } from "../logger.ts";
import type { ProcessGuard } from "../process/process-guard.ts";
import type { McpConnection, McpConnectionEvents } from "./connection.ts";
import type { TokenSource } from "./http/authorized-fetch.ts";
import { NegotiatingConnection } from "./negotiating-connection.ts";
import { ClientCredentials } from "./legacy/client-credentials.ts";
import { LegacyConnection } from "./legacy/legacy-connection.ts";

export interface ConnectionDependencies {
  processGuard: Pick<ProcessGuard, "add" | "remove"> | undefined;
  logger: Logger;
  /** Resolves the names of remote servers; the system's resolver by default. */
  lookup?: LookupFunction | undefined;
}

/** What one server has told us that its next connection need not ask again. */
interface ServerMemory {
  readonly fingerprint: string;
  readonly tokens: TokenSource | null;
  /** It refused the handshake of the older protocol versions. */
  isModern: boolean;
}

function createMemory({ transport, auth, connectionFingerprint }: ServerSettings): ServerMemory {
  const tokens =
    transport.type !== "stdio" && auth?.type === "client_credentials"
      ? new ClientCredentials(new URL(transport.url), auth)
      : null;
  return { fingerprint: connectionFingerprint, tokens, isModern: false };
}

/**
 * Makes connections that are not connected yet, with the driver for `settings.protocol`. Tokens and the verdict on a
 * server's protocol are kept from one connection to the next, for as long as its settings are the same.
 */
export function createConnectionOpener(dependencies: ConnectionDependencies) {
  const memories = new Map<string, ServerMemory>();
  return (settings: ServerSettings, events: McpConnectionEvents): McpConnection => {
    let memory = memories.get(settings.name);
    if (memory?.fingerprint !== settings.connectionFingerprint) {
      memory = createMemory(settings);
      memories.set(settings.name, memory);
    }
    const { tokens } = memory;
    const { transport, auth, questions } = settings;
    const logger = redactingLogger(dependencies.logger, settings.secrets);
    const options = { ...dependencies, logger, transport, auth, questions, tokens, events };
    const openLegacy = () => new LegacyConnection(options);
    if (settings.protocol === "legacy") return openLegacy();
    const openModern = async () => {
      const { ModernConnection } = await import("./modern/modern-connection.ts");
      return new ModernConnection(options);
    };
    return new NegotiatingConnection({ protocol: settings.protocol, memory, openLegacy, openModern });
  };
}
