import { setTimeout as delay } from "node:timers/promises";
import { startPatience } from "./patience.ts";
import { asStoreError, isRedisAway, StoreUnavailableError } from "./unavailable.ts";

/** How long a request waits for Redis. */
const ANSWER_TIMEOUT_MS = 2_000;

/** Between two tries of a command that is repeated. */
const REPEAT_DELAY_MS_MAX = 1_000;

/** How a store runs the commands of a request: {@link withStore} in an api, {@link withoutDeadline} in a worker. */
export type Answer = <Value>(commands: () => Promise<Value>) => Promise<Value>;

/** Waits for as long as Redis is away: a worker's connections hold commands back until then. */
export const withoutDeadline: Answer = (commands) => commands();

/**
 * Runs the commands of a request, which has a client who waits. Time in which this process stood still is not held
 * against Redis.
 * @throws StoreUnavailableError when Redis is away, or has not answered in `timeoutMs`.
 */
export async function withStore<Value>(
  commands: () => Promise<Value>,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Value> {
  const tooLate = Promise.withResolvers<never>();
  using _ = startPatience(timeoutMs, () => tooLate.reject(new StoreUnavailableError("no answer in time")));
  try {
    return await Promise.race([commands(), tooLate.promise]);
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Repeats a command that may be repeated until Redis has answered it, also over a failover. */
export async function untilStored<Value>(command: () => Promise<Value>): Promise<Value> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await command();
    } catch (error) {
      if (!isRedisAway(error)) throw error;
      await delay(Math.min(50 * 2 ** attempt, REPEAT_DELAY_MS_MAX));
    }
  }
}
