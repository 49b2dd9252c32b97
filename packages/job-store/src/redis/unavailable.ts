import { setTimeout as delay } from "node:timers/promises";
import { startPatience } from "./patience.ts";

const REPEAT_DELAY_MS_MAX = 1_000;

/** What Redis refuses to write with until somebody does something about it, by the first word of its reply. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  [
    "OOM",
    "Redis has no memory left and refuses to write: raise its maxmemory, or keep jobs for less long (JOB_RETENTION_SECONDS)",
  ],
  ["MISCONF", "Redis cannot write to its disk and refuses to write: its own log says why"],
]);

/**
 * Redis did not answer in time, or refuses to write. Whether the command took effect is unknown. The message is for who
 * runs Redis, and for clients.
 */
export class StoreUnavailableError extends Error {
  constructor(cause: unknown) {
    super(refusalOf(cause) ?? "Redis does not answer", { cause });
    this.name = "StoreUnavailableError";
  }
}

function refusalOf(cause: unknown): string | undefined {
  const [code = ""] = cause instanceof Error ? cause.message.split(" ", 1) : [];
  return REFUSALS.get(code);
}

/** Error replies that mean "not now": loading, a failover, a cluster without that slot, no memory, a long script. */
const TRANSIENT_REPLY =
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM|UNBLOCKED|BUSY)\b/;
const CONNECTION_MESSAGE =
  /Connection is closed|Command aborted|Stream isn't writeable|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|Socket|Cluster isn't ready|Cluster is ended|Too many Cluster redirections|startup nodes/;

/** Turns what ioredis throws while Redis is away into one error; other errors pass. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || !(error instanceof Error)) return error;
  const away =
    TRANSIENT_REPLY.test(error.message) ||
    CONNECTION_MESSAGE.test(error.message) ||
    error.name === "MaxRetriesPerRequestError";
  return away ? new StoreUnavailableError(error) : error;
}

/** Whether an error only says that Redis cannot be asked now. */
export function isRedisAway(error: unknown): boolean {
  return asStoreError(error) instanceof StoreUnavailableError;
}

/** How long a request waits for Redis, in milliseconds. */
const ANSWER_TIMEOUT_MS = 2_000;

/** How a store runs the commands of a request: within bounded time, and failing in one way. */
export type Answer = <Value>(commands: () => Promise<Value>) => Promise<Value>;

/**
 * Runs commands of a request; rejects with {@link StoreUnavailableError} when Redis has not answered in time. Time in which
 * this process stood still is not held against Redis.
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

/** Unwraps a pipeline's replies; the first failed command fails them all. */
export function pipelineReplies(replies: [Error | null, unknown][] | null): unknown[] {
  if (!replies) throw new Error("Connection is closed.");
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
