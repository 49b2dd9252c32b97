import { BEST_STATUS_FIRST, type ServerStatus } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { Logger } from "../logger.ts";
import { AvailabilityLog } from "./availability-log.ts";
import type { OpenConnection } from "./connection-attempt.ts";
import { ConnectionKeeper } from "./connection-keeper.ts";
import type { OfferKind } from "./list-offers.ts";
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

/** How much of a line of stderr is logged. Twice that is read: a secret that is cut there is cut off as a whole here. */
const LINE_LENGTH_MAX = 4_096;

/** What the listings are told: one that wakes from its rest and does not come is lost. */
type Presence = "connected" | "resting" | "lost";

/** The connections of one server: one, or one for each copy of a stdio server. Each comes and goes by itself. */
export class ConnectionGroup {
  readonly #options: ConnectionGroupOptions;
  readonly #keepers: readonly ConnectionKeeper[];
  #presence: Presence = "lost";

  constructor(options: ConnectionGroupOptions) {
    this.#options = options;
    const { instances } = options.settings();
    this.#keepers = Array.from({ length: instances }, (_, index) =>
      this.#createKeeper(instances > 1 ? { copy: index + 1 } : {}),
    );
  }

  get status(): ServerStatus {
    return (
      BEST_STATUS_FIRST.find((status) => this.#keepers.some((keeper) => keeper.status === status)) ??
      "unknown"
    );
  }

  /** The last error of the first copy that has one. */
  get lastError(): string | null {
    const index = this.#keepers.findIndex(({ lastError }) => lastError !== null);
    const error = this.#keepers[index]?.lastError ?? null;
    if (error === null || this.#keepers.length === 1) return error;
    return `copy ${index + 1} of ${this.#keepers.length}: ${error}`;
  }

  /** How many copies are connected. */
  get connected(): number {
    return this.#keepers.filter(({ connection }) => connection !== null).length;
  }

  /** The connected copy with the fewest requests now, then the fewest so far; none of `except`. */
  leastBusy(except?: ReadonlySet<ConnectionKeeper>): ConnectionKeeper | null {
    let best: ConnectionKeeper | null = null;
    for (const keeper of this.#keepers) {
      if (keeper.connection === null || except?.has(keeper)) continue;
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
    const announce = (kind: OfferKind) => listings.announce(kind, () => keeper.connection);
    const keeper: ConnectionKeeper = new ConnectionKeeper({
      ...shared,
      settings,
      redact,
      log: new AvailabilityLog({
        logger,
        clock: shared.clock,
        fields,
        describe: () => ({ tools: listings.offers?.tools.length }),
      }),
      list: (...given) => listings.load(...given),
      onChange: () => this.#onChange(),
      events: {
        onToolsChanged: () => announce("tools"),
        onResourcesChanged: () => {
          announce("resources");
          announce("resourceTemplates");
        },
        onPromptsChanged: () => announce("prompts"),
        onWarning: listings.warn,
        onStderr: (line) => {
          if (settings().logStderr)
            logger.info({ ...fields, line: redact(line).slice(0, LINE_LENGTH_MAX) }, "MCP server stderr");
        },
      },
    });
    return keeper;
  }

  #onChange(): void {
    const before = this.#presence;
    this.#presence = this.#findPresence();
    if (this.#presence !== before) this.#options.listings[this.#presence]();
    this.#options.onChange();
  }

  #findPresence(): Presence {
    if (this.#keepers.some(({ connection }) => connection !== null)) return "connected";
    return this.#keepers.some(({ isResting }) => isResting) ? "resting" : "lost";
  }
}
