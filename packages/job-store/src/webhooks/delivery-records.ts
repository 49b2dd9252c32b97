import type { Delivery, DeliveryAttempt, DeliveryStatus, WebhookEvent } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";

/** How many attempts of a delivery are kept: the last ones. */
const ATTEMPTS_KEPT = 50;

/** Where a delivery stands. A replay raises its generation. */
export interface DeliveryState {
  status: DeliveryStatus;
  generation: number;
}

/** The id of the event in its job's log; it numbers the delivery. */
export interface DeliveryName {
  jobId: string;
  n: number;
}

interface StoredDelivery {
  event: WebhookEvent;
  createdAt: number;
}

/**
 * The deliveries of a job: a hash in its slot that expires with it, but not while one of them is pending. `N` is what
 * the delivery is of; `N:status`, `N:generation` and `N:next` where it stands; `N:count` and `N:1` … its attempts.
 */
export class DeliveryRecords {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Makes the delivery if it is not there. Null when the job is gone. */
  async open({ jobId, n }: DeliveryName, stored: StoredDelivery): Promise<DeliveryState | null> {
    const text = JSON.stringify(stored);
    const state = await this.#redis.millraceOpenDelivery(...this.#names(jobId), n, text);
    const [status, generation] = state;
    return status === undefined ? null : { status: status as DeliveryStatus, generation: Number(generation) };
  }

  /** Everything that is known of a job's deliveries, as it is stored. */
  async read(jobId: string): Promise<Map<number, DeliveryState & { view: Delivery }>> {
    const hash = await this.#redis.hgetall(this.#keys.deliveries(jobId));
    const numbers = Object.keys(hash)
      .filter((field) => /^\d+$/.test(field))
      .map(Number)
      .toSorted((first, second) => first - second);
    return new Map(numbers.map((n) => [n, deliveryOf({ jobId, n }, hash)]));
  }

  /** Writes an attempt down, or without one only what becomes of the delivery. */
  async record(
    { jobId, n }: DeliveryName,
    generation: number,
    { status, nextAt }: { status: DeliveryStatus; nextAt: number | null },
    attempt: DeliveryAttempt | null,
  ): Promise<void> {
    const text = attempt ? JSON.stringify(attempt) : "";
    const state = [generation, status, nextAt ?? ""];
    await this.#redis.millraceRecordDelivery(...this.#names(jobId), n, ...state, ATTEMPTS_KEPT, text);
  }

  /** False when there is no such delivery. */
  async replay({ jobId, n }: DeliveryName): Promise<boolean> {
    return (await this.#redis.millraceReplayDelivery(...this.#names(jobId), n)) === 1;
  }

  /** Lets them expire with the job, when it has ended. */
  async settle(jobId: string): Promise<void> {
    await this.#redis.millraceSettleDeliveries(...this.#names(jobId));
  }

  #names(jobId: string): [record: string, log: string, deliveries: string] {
    return [this.#keys.record(jobId), this.#keys.log(jobId), this.#keys.deliveries(jobId)];
  }
}

/** The message's id, the same at every attempt: a receiver that gets it twice knows it by this. */
export function webhookId({ jobId, n }: DeliveryName): string {
  return `msg_${jobId}_${n}`;
}

function deliveryOf(name: DeliveryName, hash: Record<string, string>): DeliveryState & { view: Delivery } {
  const { n } = name;
  const field = (suffix: string | number): string | undefined => hash[`${n}:${suffix}`];
  const { event, createdAt } = JSON.parse(hash[n] ?? "") as StoredDelivery;
  const count = Number(field("count") ?? 0);
  const kept = Array.from(
    { length: Math.min(count, ATTEMPTS_KEPT) },
    (_, index) => count - index,
  ).toReversed();
  const attempts = kept.flatMap((attempt) => {
    const text = field(attempt);
    return text === undefined ? [] : [JSON.parse(text) as DeliveryAttempt];
  });
  const status = (field("status") ?? "pending") as DeliveryStatus;
  const next = field("next");
  const view: Delivery = {
    n,
    webhook_id: webhookId(name),
    event,
    status,
    created_at: new Date(createdAt).toISOString(),
    next_attempt_at: next === undefined ? null : new Date(Number(next)).toISOString(),
    attempt_count: count,
    attempts,
  };
  return { status, generation: Number(field("generation") ?? 0), view };
}
