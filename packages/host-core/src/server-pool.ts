import type { ServerSettings } from "./config/server-settings.ts";
import { planReload, type ReloadPlan } from "./reload-plan.ts";
import type { WarmServer } from "./server/warm-server.ts";
import { settlesWithin } from "./settles-within.ts";

/** What a reload did, in names of servers. */
export interface ReloadReport {
  readonly added: string[];
  readonly removed: string[];
  readonly changed: string[];
  readonly unchanged: string[];
  /** Servers that are not connected and should be, also unchanged ones. They are tried again, as after a start. */
  readonly errors: { server: string; message: string }[];
}

export interface ServerPoolOptions {
  servers: readonly ServerSettings[];
  /** Makes a server that has not started. */
  create: (settings: ServerSettings) => WarmServer;
  /** There are other servers than before, or others under the same names. */
  onChange: () => void;
}

/**
 * The servers of one host by name, and how one configuration becomes the next.
 *
 * A server whose connection is another is replaced: the new one connects beside the old one, which goes on taking calls
 * until the new one has connected or failed. Then the old one retires: the calls that it has taken finish there.
 */
export class ServerPool {
  readonly #options: ServerPoolOptions;
  /** Where new calls go, in the order of the configuration. */
  #servers: Map<string, WarmServer>;
  /** All that may have a connection, also on its way in or out. */
  readonly #open = new Set<WarmServer>();
  #reloading: Promise<unknown> = Promise.resolve();
  #hasStarted = false;
  #closing: Promise<void> | null = null;

  constructor(options: ServerPoolOptions) {
    this.#options = options;
    refuseTwins(options.servers);
    this.#servers = new Map(options.servers.map((settings) => [settings.name, this.#create(settings)]));
  }

  get all(): WarmServer[] {
    return [...this.#servers.values()];
  }

  get(name: string): WarmServer | undefined {
    return this.#servers.get(name);
  }

  /** Begins to connect every server, all at once, and returns. A second call does nothing. */
  start(): void {
    if (this.#hasStarted || this.#closing) return;
    this.#hasStarted = true;
    for (const server of this.all) void server.start();
  }

  /** See `Host.reload`. */
  reload(settings: readonly ServerSettings[], waitMs: number): Promise<ReloadReport> {
    const reloaded = this.#reloading.then(() => this.#reload(settings, waitMs));
    this.#reloading = reloaded.catch(() => undefined);
    return reloaded;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#open].map((server) => server.close()));
  }

  async #reload(settings: readonly ServerSettings[], waitMs: number): Promise<ReloadReport> {
    refuseTwins(settings);
    if (this.#closing) return nothingOf(settings);
    const before = this.#servers;
    const plan = planReload(
      this.all.map((server) => server.settings),
      settings,
    );
    for (const updated of plan.updated) before.get(updated.name)?.update(updated);
    const arrivals = [...plan.added, ...plan.replaced].map((arrival) => this.#create(arrival));
    // Where calls would only fail on the old server there is nothing to keep up: they wait for the new one.
    const isNeeded = (name: string) => before.get(name)?.status === "connected";
    const after = new Map(arrivals.map((server) => [server.settings.name, server]));
    this.#take(settings, (name) => (isNeeded(name) ? undefined : after.get(name)));
    if (this.#hasStarted) await this.#startAll(arrivals, waitMs);
    if (!this.#closing) this.#take(settings, (name) => after.get(name));
    return reportOf(settings, plan, this.all, this.#hasStarted ? waitMs : null);
  }

  async #startAll(arrivals: readonly WarmServer[], waitMs: number): Promise<void> {
    for (const server of arrivals) void server.start();
    await settlesWithin(Promise.all(arrivals.map((server) => server.settled)), waitMs);
  }

  /** Directs calls to `choose`'s servers, or to those that have the name already; all others retire. */
  #take(settings: readonly ServerSettings[], choose: (name: string) => WarmServer | undefined): void {
    const before = this.#servers;
    const chosen = settings.flatMap(({ name }): [string, WarmServer][] => {
      const server = choose(name) ?? before.get(name);
      return server ? [[name, server]] : [];
    });
    this.#servers = new Map(chosen);
    for (const [name, server] of before) if (this.#servers.get(name) !== server) this.#retire(server);
    this.#options.onChange();
  }

  #retire(server: WarmServer): void {
    const gone = () => void this.#open.delete(server);
    server.retire().then(gone, gone);
  }

  #create(settings: ServerSettings): WarmServer {
    const server = this.#options.create(settings);
    this.#open.add(server);
    return server;
  }
}

/** @throws Error that names a server which is given twice. */
function refuseTwins(settings: readonly ServerSettings[]): void {
  const names = new Set<string>();
  for (const { name } of settings) {
    if (names.has(name)) throw new Error(`server "${name}" is given twice: each needs a name of its own`);
    names.add(name);
  }
}

function namesOf(group: readonly ServerSettings[]): string[] {
  return group.map(({ name }) => name);
}

/** Nothing is done any more once the host is closed. */
function nothingOf(settings: readonly ServerSettings[]): ReloadReport {
  const errors = namesOf(settings).map((server) => ({ server, message: "this worker is stopping" }));
  return { added: [], removed: [], changed: [], unchanged: [], errors };
}

function reportOf(
  settings: readonly ServerSettings[],
  plan: ReloadPlan,
  servers: readonly WarmServer[],
  /** How long those that connect were waited for; null before the start. */
  waitMs: number | null,
): ReloadReport {
  const changed = new Set([...plan.replaced, ...plan.updated]);
  const errors = servers.flatMap(({ settings: { name }, status, lastError }) => {
    const isLate = status === "connecting" && waitMs !== null;
    const late = isLate ? `it has not connected within ${waitMs / 1_000} s` : null;
    const message = lastError ?? late;
    return message === null ? [] : [{ server: name, message }];
  });
  return {
    added: namesOf(plan.added),
    removed: [...plan.removed],
    changed: namesOf(settings.filter((each) => changed.has(each))),
    unchanged: namesOf(plan.unchanged),
    errors,
  };
}
