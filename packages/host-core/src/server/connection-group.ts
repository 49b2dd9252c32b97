import type { ServerStatus } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { Logger } from "../logger.ts";
import { AvailabilityLog } from "./availability-log.ts";
import type { OpenConnection } from "./connection-attempt.ts";
import { ConnectionKeeper } from "./connection-keeper.ts";
import type { Listings } from "./listings.ts";

export interface ConnectionGroupOptions {
  settings: () => ServerSettings;
  openConnection: OpenConnection;
  logger: Logger;
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  listings: Listings;
  /** Hides the server's secrets. */
  redact: (text: string) => string;
  /** A connection has come, gone, or failed to come. */
  onChange: () => void;
}

/** The best of several copies: the order in which DESIGN merges the workers' statuses as well. */
const BEST_FIRST = ["connected", "connecting", "needs_auth", "error", "disconnected"] as const;

/** The connections of one server: one, or one for each copy of a stdio server. Each comes and goes by itself. */
export class ConnectionGroup {
  readonly #options: ConnectionGroupOptions;
  readonly #keepers: readonly ConnectionKeeper[];
  #isConnected = false;

  constructor(options: ConnectionGroupOptions) {
    this.#options = options;
    const { instances } = options.settings();
    this.#keepers = Array.from({ length: instances }, (_, index) =>
      this.#createKeeper(instances > 1 ? { copy: index + 1 } : {}),
    );
  }

  get status(): ServerStatus {
    return BEST_FIRST.find((status) => this.#keepers.some((keeper) => keeper.status === status)) ?? "unknown";
  }

  /** Of the first copy that has one. */
  get lastError(): string | null {
    const index = this.#keepers.findIndex(({ lastError }) => lastError !== null);
    const error = this.#keepers[index]?.lastError ?? null;
    if (error === null || this.#keepers.length === 1) return error;
    return `copy ${index + 1} of ${this.#keepers.length}: ${error}`;
  }

  /** Of the copies that are connected, the one with the fewest requests now, then the fewest so far. */
  leastBusy(): ConnectionKeeper | null {
    let best: ConnectionKeeper | null = null;
    for (const keeper of this.#keepers) {
      if (keeper.connection === null) continue;
      const load = best ? keeper.running - best.running || keeper.served - best.served : -1;
      if (load < 0) best = keeper;
    }
    return best;
  }

  /** Resolves when every first attempt is over. */
  async start(): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.start()));
  }

  /** Connects what rests. */
  wake(): void {
    for (const keeper of this.#keepers) keeper.wake();
  }

  settingsChanged(): void {
    for (const keeper of this.#keepers) keeper.settingsChanged();
  }

  async close(): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.close()));
  }

  #createKeeper(copy: { copy?: number }): ConnectionKeeper {
    const { logger, listings, settings, redact, ...shared } = this.#options;
    const fields = { server: settings().name, ...copy };
    return new ConnectionKeeper({
      ...shared,
      settings,
      redact,
      log: new AvailabilityLog({
        logger,
        clock: shared.clock,
        fields,
        describe: () => ({ tools: listings.offers?.tools.length }),
      }),
      list: (connection, signal) => listings.load(connection, signal),
      onChange: () => this.#onChange(),
      events: {
        onToolsChanged: () => listings.announce("tools"),
        onResourcesChanged: () => {
          listings.announce("resources");
          listings.announce("resourceTemplates");
        },
        onPromptsChanged: () => listings.announce("prompts"),
        onWarning: listings.warn,
        onStderr: (line) => {
          if (settings().logStderr) logger.info({ ...fields, line: redact(line) }, "MCP server stderr");
        },
      },
    });
  }

  #onChange(): void {
    const isConnected = this.#keepers.some(({ connection }) => connection !== null);
    const { listings } = this.#options;
    if (isConnected && !this.#isConnected) listings.connected();
    if (!isConnected && this.#isConnected) {
      if (this.#keepers.some(({ isResting }) => isResting)) listings.resting();
      else listings.lost();
    }
    this.#isConnected = isConnected;
    this.#options.onChange();
  }
}
