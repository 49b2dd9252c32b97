import { createHash } from "node:crypto";
import { canonicalJson } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";

/** A key stands for its job for the job's retention, counted from its submission, and for a day at least. */
const LIFETIME_SECONDS_MIN = 86_400;

/** How long an idempotency key stands for a job that is kept for `retentionSeconds`. */
export function keyLifetimeSeconds(retentionSeconds: number): number {
  return Math.max(retentionSeconds, LIFETIME_SECONDS_MIN);
}

/** The key was used before, with another request. */
export class IdempotencyMismatchError extends Error {
  override name = "IdempotencyMismatchError";
}

/** The job or batch that this key made has been deleted, because its retention is over. It does not run again. */
export class IdempotencyExpiredError extends Error {
  override name = "IdempotencyExpiredError";
  /** Id of the job or batch that has the key. */
  readonly id: string;

  constructor(id: string) {
    super(`The retention of ${id} is over`);
    this.id = id;
  }
}

/** The job or batch of a key, and whether it is known to have been written whole. */
export interface KeyedId {
  id: string;
  isWritten: boolean;
}

/** What a submission under a key does when its job has been written: the key is marked. */
export interface KeyMark {
  key: string;
  value: string;
}

/** A mark, and the name under which its submission holds the key: it lets go of it when its job is refused. */
export interface HeldKey extends KeyMark {
  holder: string;
}

/**
 * The idempotency keys of submissions. A key is taken before its job is written, so a crash in between leaves a key
 * without a job: who comes with the same key writes that very job. It is marked when the job has been written whole,
 * which tells a job that was never written from one whose retention is over.
 *
 * A key whose job is refused is free again, unless another submission under it may still write that job: until the
 * mark, the key knows who has taken it, each by the id that it would have given its job, and the last one frees it.
 * One that died never lets go, so its key stays.
 *
 *     free ── take ──→ held by one or more ── the job is written ──→ written
 *      ↑                        │
 *      └── the last is refused ─┘
 *
 * Stored under a hash of tenant and key: `HASH-OF-THE-REQUEST ID HOLDER …`, or `HASH-OF-THE-REQUEST ID written`.
 */
export class IdempotencyKeys {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /**
   * The job or batch that has the key; null when it is free.
   * @throws IdempotencyMismatchError when it belongs to another request.
   */
  async find(tenant: string, key: string, request: object): Promise<KeyedId | null> {
    const stored = await this.#redis.get(this.#name(tenant, key));
    return stored === null ? null : parse(stored, requestHash(request));
  }

  /**
   * Takes the key for a new job or batch, or gives the one that has it. Of several at the same time one takes it. Who
   * takes it, or gets one that is not known to be written, holds it as `freshId`.
   * @throws IdempotencyMismatchError when it belongs to another request.
   */
  async take(
    { tenant, key, request }: { tenant: string; key: string; request: object },
    freshId: string,
    retentionSeconds: number,
  ): Promise<KeyedId> {
    const hash = requestHash(request);
    const lifetime = keyLifetimeSeconds(retentionSeconds);
    const stored = await this.#redis.millraceTakeKey(this.#name(tenant, key), hash, freshId, lifetime);
    return stored === null ? { id: freshId, isWritten: false } : parse(stored, hash);
  }

  /** Marks the key of a job or batch, as part of what writes it. */
  mark(tenant: string, key: string, request: object, id: string): KeyMark {
    return { key: this.#name(tenant, key), value: `${requestHash(request)} ${id} written` };
  }

  #name(tenant: string, key: string): string {
    return this.#keys.idempotency(hashOf(`${tenant}\0${key}`));
  }
}

function parse(stored: string, hash: string): KeyedId {
  const [storedHash, id = "", mark] = stored.split(" ");
  if (storedHash !== hash) throw new IdempotencyMismatchError("The key came with another request before");
  return { id, isWritten: mark === "written" };
}

/** Two requests that say the same have the same hash, in whatever order their keys come. */
function requestHash(request: object): string {
  return hashOf(canonicalJson(request));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
