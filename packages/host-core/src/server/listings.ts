import { isDeepStrictEqual } from "node:util";
import PQueue from "p-queue";
import type { Clock } from "../clock.ts";
import type { LeftOutTool, McpConnection, ToolListing } from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";
import { shorten } from "../shorten.ts";
import { createDebouncedTask, type DebouncedTask } from "./debounced-task.ts";
import { LIST, LIST_NAME, type ListListener, type OfferKind, type Offers, type Warn } from "./list-offers.ts";
import { withDeadline, type Deadline } from "../with-deadline.ts";

/** Servers announce changes in bursts. */
const ANNOUNCEMENT_DELAY_MS = 100;
/** Some announce without end what is no change, such as each time that they are asked for the list. */
const ANNOUNCEMENT_DELAY_MS_MAX = 30_000;
/** How long a list is good: then it is read again, and that of a server that is gone is forgotten. */
const VALIDITY_MS = 5 * 60_000;
/** What a server may say instead is taken at its word between these: it must not be asked all the time, nor never. */
const VALIDITY_MS_MIN = 5_000;
const VALIDITY_MS_MAX = 60 * 60_000;
/** What was said once is not said again every five minutes. */
const REMEMBERED_WARNINGS_MAX = 1_000;

const KINDS = Object.keys(LIST) as OfferKind[];

/** Null while it is not connected. */
type FindConnection = () => McpConnection | null;

export interface ListingsOptions {
  clock: Clock;
  /** Any one that is connected. */
  connection: FindConnection;
  timeoutMs: () => number;
  warn: Warn;
  /** Hides the server's secrets. */
  redact: (text: string) => string;
  /** What is offered is not what it was. */
  onChange: () => void;
}

/**
 * What a server offers, as last listed. It stays known while the connection is away, so that a short outage takes no
 * tools from anybody; after five minutes it is forgotten. Lists that say the same as before stay the same objects.
 */
export class Listings {
  readonly #options: ListingsOptions;
  readonly #stop = new AbortController();
  /** By which connection: another copy may not have what is new. */
  readonly #announced = new Map<OfferKind, FindConnection>();
  /** One for each kind, since a kind that is announced in vain must not hold back the others. */
  readonly #tasks: Record<OfferKind, DebouncedTask>;
  readonly #turns = new PQueue({ concurrency: 1 });
  readonly #warnings = new Set<string>();
  #offers: Offers | null = null;
  #leftOut: readonly LeftOutTool[] = [];
  /** How long the list of tools that was read last is valid. */
  #validityMs = VALIDITY_MS;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ListingsOptions) {
    this.#options = options;
    this.#tasks = {
      tools: this.#listAnnounced("tools"),
      resources: this.#listAnnounced("resources"),
      resourceTemplates: this.#listAnnounced("resourceTemplates"),
      prompts: this.#listAnnounced("prompts"),
    };
  }

  /** Null while it is not known. */
  get offers(): Offers | null {
    return this.#offers;
  }

  /** Tools of the last list that cannot be used. */
  get leftOut(): readonly LeftOutTool[] {
    return this.#leftOut;
  }

  /**
   * Lists everything over a connection that is being made. Rejects when the tools cannot be listed. Those may take
   * `timeLeftMs`, when `signal` aborts; the other lists half of it, so that none of them keeps the tools away.
   */
  async load(connection: McpConnection, signal: AbortSignal, timeLeftMs: number): Promise<void> {
    const deadline = this.#deadline(signal, timeLeftMs / 2);
    const found = new Map<OfferKind, readonly unknown[]>();
    const list = async (kind: OfferKind) => {
      found.set(kind, await this.#listForStart(kind, connection, deadline));
    };
    await Promise.all(KINDS.map(list));
    this.#stop.signal.throwIfAborted();
    this.#replace(Object.fromEntries(found));
  }

  /** A connection is there. */
  connected(): void {
    this.#listAgainLater();
    for (const kind of this.#announced.keys()) this.#tasks[kind].trigger();
  }

  /** No connection is there, and none is wanted: what was listed last stays known. */
  resting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The last connection is lost. */
  lost(): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => this.#forget(), VALIDITY_MS).unref();
  }

  /** The server says that it has changed. May come before it is connected, and in the middle of a listing. */
  announce(kind: OfferKind, by: FindConnection): void {
    this.#announced.set(kind, by);
    this.#tasks[kind].trigger();
  }

  /** Lists everything now, if it is connected. Never rejects: what cannot be listed stays as it was, with a warning. */
  async refresh(): Promise<void> {
    for (const kind of KINDS) await this.#relist(kind);
  }

  readonly #listener: ListListener = {
    warn: (warning) => this.warn(warning),
    onTools: (listing) => this.#hear(listing),
  };

  #hear({ leftOut, ttlMs }: ToolListing): void {
    const validityMs = ttlMs ?? VALIDITY_MS;
    this.#validityMs = Math.min(Math.max(validityMs, VALIDITY_MS_MIN), VALIDITY_MS_MAX);
    if (isDeepStrictEqual(this.#leftOut, leftOut)) return;
    this.#leftOut = leftOut;
    // While it is connecting, nobody has been told of anything yet.
    if (this.#offers !== null) this.#options.onChange();
  }

  /** Each warning once, until many others have come. */
  readonly warn: Warn = (given) => {
    const warning = shorten(given, { redact: this.#options.redact });
    if (this.#warnings.has(warning)) return;
    if (this.#warnings.size >= REMEMBERED_WARNINGS_MAX) this.#warnings.clear();
    this.#warnings.add(warning);
    this.#options.warn(warning);
  };

  /** Takes part in nothing any more. */
  stop(): void {
    this.#stop.abort(new Error("it was closed"));
    for (const task of Object.values(this.#tasks)) task.stop();
    clearTimeout(this.#timer);
    this.#offers = null;
  }

  #listAgainLater(): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    const timer = setTimeout(() => {
      // Meanwhile the connection may have gone: then another timer runs, or none.
      void this.refresh().then(() => this.#timer === timer && this.#listAgainLater());
    }, this.#validityMs).unref();
    this.#timer = timer;
  }

  #forget(): void {
    this.#offers = null;
    this.#options.onChange();
  }

  /** Tools are what a server is there for; one that fails at its other lists is still of use. */
  async #listForStart(
    kind: OfferKind,
    connection: McpConnection,
    deadline: Deadline,
  ): Promise<readonly unknown[]> {
    if (kind === "tools") return await LIST.tools(connection, deadline.signal, this.#listener);
    try {
      return await this.#list(kind, connection, deadline);
    } catch (error) {
      deadline.signal.throwIfAborted();
      this.#warnOfFailure(kind, error);
      return [];
    }
  }

  #listAnnounced(kind: OfferKind): DebouncedTask {
    return createDebouncedTask(() => this.#relist(kind), {
      clock: this.#options.clock,
      delayMs: ANNOUNCEMENT_DELAY_MS,
      longestDelayMs: ANNOUNCEMENT_DELAY_MS_MAX,
      onLongest: () => {
        const what = `the ${LIST_NAME[kind]} are announced as changed again and again, and are the same`;
        this.warn(`${what}: read at most every ${ANNOUNCEMENT_DELAY_MS_MAX / 1_000} s`);
      },
    });
  }

  /** One listing at a time: an older answer must not replace a newer one. Says whether it was in vain. */
  #relist(kind: OfferKind): Promise<boolean> {
    return this.#turns.add(() => this.#relistOne(kind));
  }

  async #relistOne(kind: OfferKind): Promise<boolean> {
    const by = this.#announced.get(kind);
    const find = () => by?.() ?? this.#options.connection();
    const connection = find();
    // An announcement that came too early is kept for `connected`.
    if (!connection || this.#stop.signal.aborted) return false;
    this.#announced.delete(kind);
    try {
      const deadline = this.#deadline(this.#stop.signal, this.#options.timeoutMs());
      const list = await this.#list(kind, connection, deadline);
      if (this.#stop.signal.aborted || this.#offers === null) return false;
      if (!this.#replace({ [kind]: list })) return true;
      this.#options.onChange();
      return false;
    } catch (error) {
      if (this.#stop.signal.aborted || find() !== connection) return false;
      this.#warnOfFailure(kind, error);
      return true;
    }
  }

  #list(kind: OfferKind, connection: McpConnection, deadline: Deadline): Promise<Offers[OfferKind]> {
    return withDeadline<Offers[OfferKind]>(deadline, (signal) =>
      LIST[kind](connection, signal, this.#listener),
    );
  }

  #deadline(signal: AbortSignal, timeoutMs: number): Deadline {
    return { signal, timeoutMs, reason: new Error(`no answer within ${Math.round(timeoutMs / 100) / 10} s`) };
  }

  #warnOfFailure(kind: OfferKind, error: unknown): void {
    this.warn(`the ${LIST_NAME[kind]} could not be listed: ${describeError(error)}`);
  }

  /** Whether anything is different. */
  #replace(lists: Partial<Offers>): boolean {
    const old: Offers = this.#offers ?? { tools: [], resources: [], resourceTemplates: [], prompts: [] };
    const kept = Object.entries(lists).filter(
      ([kind, list]) => !isDeepStrictEqual(old[kind as OfferKind], list),
    );
    if (kept.length === 0 && this.#offers !== null) return false;
    this.#offers = { ...old, ...Object.fromEntries(kept) };
    return true;
  }
}
