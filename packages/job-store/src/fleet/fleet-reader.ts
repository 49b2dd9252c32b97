import type { ServerReport } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import { FleetView, type FleetMember } from "./fleet-view.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { HEARTBEAT_TTL_MS, type WorkerHeartbeat } from "./worker-registry.ts";

/** How old a view may be, in milliseconds, when nothing has announced a change. */
const VIEW_AGE_MS_MAX = 1_000;

interface CachedCatalogue {
  version: number;
  reports: ServerReport[];
}

/** Reads the fleet, and keeps what it read until the fleet announces a change or a second has passed. */
export class FleetReader {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #catalogues = new Map<string, CachedCatalogue>();
  #view: FleetView | null = null;
  #reading: Promise<FleetView> | null = null;
  #readAt = 0;
  /** Announcements so far: what was read before one of them is out of date. */
  #changes = 0;

  constructor(redis: Redis, keys: Keys, subscriptions: ChannelSubscriptions) {
    this.#redis = redis;
    this.#keys = keys;
    subscriptions.subscribe(keys.fleet, () => {
      this.#changes += 1;
      this.#view = null;
    });
  }

  /** The view, when it is recent; otherwise it has to be read. */
  get recent(): FleetView | null {
    return performance.now() - this.#readAt <= VIEW_AGE_MS_MAX ? this.#view : null;
  }

  /** The next reading begins after this, and tells what has changed before. */
  forget(): void {
    this.#changes += 1;
    this.#view = null;
    this.#reading = null;
  }

  /** Reads the fleet; requests that ask meanwhile share one reading. */
  read(): Promise<FleetView> {
    this.#reading ??= this.#begin();
    return this.#reading;
  }

  #begin(): Promise<FleetView> {
    const reading = this.#readAndKeep().finally(() => {
      // It may have been forgotten, and a newer one be under way.
      if (this.#reading === reading) this.#reading = null;
    });
    return reading;
  }

  async #readAndKeep(): Promise<FleetView> {
    const startedAt = performance.now();
    const changes = this.#changes;
    const view = await this.#read();
    if (changes === this.#changes) {
      this.#view = view;
      this.#readAt = startedAt;
    }
    return view;
  }

  async #read(): Promise<FleetView> {
    const ids = (await this.#redis.smembers(this.#keys.workers)).toSorted();
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.get(this.#keys.worker(id)).pttl(this.#keys.worker(id));
    const replies = ids.length > 0 ? pipelineReplies(await pipeline.exec()) : [];
    const live: { heartbeat: WorkerHeartbeat; ageMs: number }[] = [];
    for (const [index, id] of ids.entries()) {
      const text = replies[index * 2] as string | null;
      if (text === null) {
        // Its heartbeat has expired: it died without leaving.
        await this.#redis.srem(this.#keys.workers, id);
      } else {
        const ageMs = Math.max(0, HEARTBEAT_TTL_MS - (replies[index * 2 + 1] as number));
        live.push({ heartbeat: JSON.parse(text) as WorkerHeartbeat, ageMs });
      }
    }
    const alive = new Set(live.map(({ heartbeat }) => heartbeat.id));
    for (const id of this.#catalogues.keys()) if (!alive.has(id)) this.#catalogues.delete(id);
    return new FleetView(
      await Promise.all(live.map(({ heartbeat, ageMs }) => this.#member(heartbeat, ageMs))),
    );
  }

  async #member({ catalogue_version, ...worker }: WorkerHeartbeat, ageMs: number): Promise<FleetMember> {
    let catalogue = this.#catalogues.get(worker.id);
    if (catalogue?.version !== catalogue_version) {
      const text = await this.#redis.get(this.#keys.catalogue(worker.id));
      catalogue =
        text === null
          ? undefined
          : { version: catalogue_version, reports: JSON.parse(text) as ServerReport[] };
      if (catalogue) this.#catalogues.set(worker.id, catalogue);
    }
    return { worker: { ...worker, heartbeat_age_ms: ageMs }, reports: catalogue?.reports ?? null };
  }
}
