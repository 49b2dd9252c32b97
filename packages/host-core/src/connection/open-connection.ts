import type { LookupFunction } from "node:net";
import { redactingLogger } from "../config/redacting-logger.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { Logger } from "../logger.ts";
import type { ProcessGuard } from "../process/process-guard.ts";
import type { McpConnection, McpConnectionEvents } from "./connection.ts";
import type { DriverOptions, ServerLocation } from "./driver-options.ts";
import type { TokenSource } from "./http/authorized-fetch.ts";
import { NegotiatingConnection } from "./negotiating-connection.ts";
import { StdioTransport } from "./wire/stdio-transport.ts";

export interface ConnectionDependencies {
  processGuard: Pick<ProcessGuard, "add" | "remove"> | undefined;
  logger: Logger;
  /** Resolves the names of remote servers; the system's resolver by default. */
  lookup?: LookupFunction | undefined;
}

/** What one server has told us that its next connection need not ask again. */
interface ServerMemory {
  readonly fingerprint: string;
  readonly tokens: () => Promise<TokenSource | null>;
  /** It refused the handshake of the older protocol versions. */
  isModern: boolean;
}

function createMemory(settings: ServerSettings): ServerMemory {
  let tokens: Promise<TokenSource | null> | undefined;
  return {
    fingerprint: settings.connectionFingerprint,
    tokens: () => (tokens ??= loadTokens(settings)),
    isModern: false,
  };
}

async function loadTokens({ transport, auth }: ServerSettings): Promise<TokenSource | null> {
  if (transport.type === "stdio" || auth?.type !== "client_credentials") return null;
  const { ClientCredentials } = await import("./legacy/client-credentials.ts");
  return new ClientCredentials(new URL(transport.url), auth);
}

type OpenDriver = (options: DriverOptions) => McpConnection | Promise<McpConnection>;

async function loadLegacy(): Promise<OpenDriver> {
  const { openLegacyConnection } = await import("./legacy/open-legacy-connection.ts");
  return openLegacyConnection;
}

async function loadModern(): Promise<OpenDriver> {
  const { ModernConnection } = await import("./modern/modern-connection.ts");
  return (options) => new ModernConnection(options);
}

/**
 * Makes connections that are not connected yet, with the driver for `settings.protocol`. Tokens and the verdict on a
 * server's protocol are kept from one connection to the next, for as long as its settings are the same.
 *
 * A driver is loaded when the first server needs it. A stdio server starts meanwhile, which takes as long.
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
    const { auth, questions, protocol } = settings;
    const { lookup, processGuard } = dependencies;
    const logger = redactingLogger(dependencies.logger, settings.secrets);
    const open = async (loadDriver: () => Promise<OpenDriver>): Promise<McpConnection> => {
      const location = locate(settings, { processGuard, logger, onStderr: events.onStderr });
      try {
        const [openDriver, given] = await Promise.all([loadDriver(), tokens()]);
        return await openDriver({ location, auth, lookup, questions, events, logger, tokens: given });
      } catch (error) {
        if (location.type === "stdio") await location.process.close();
        throw error;
      }
    };
    return new NegotiatingConnection({
      protocol,
      memory,
      openLegacy: () => open(loadLegacy),
      openModern: () => open(loadModern),
    });
  };
}

function locate(
  { transport }: ServerSettings,
  options: Pick<ConstructorParameters<typeof StdioTransport>[0], "processGuard" | "logger" | "onStderr">,
): ServerLocation {
  if (transport.type !== "stdio") return transport;
  const process = new StdioTransport({ ...transport, ...options });
  // Whoever connects hears of it.
  process.launch().catch(() => {});
  return { ...transport, process };
}
