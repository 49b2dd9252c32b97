import { Redis, type RedisOptions } from "ioredis";
import { defineScripts } from "./scripts.ts";
import type { Logger } from "./logger.ts";

/** How long a command of the api may take before Redis counts as away, in milliseconds. */
const COMMAND_TIMEOUT_MS = 2_000;
const RECONNECT_DELAY_MAX_MS = 1_000;
const PING_INTERVAL_MS = 3_000;

/**
 * What a connection is for:
 * `request` answers fast or fails fast, for HTTP requests;
 * `subscriber` listens;
 * `worker` waits for Redis as long as it takes.
 */
type ConnectionRole = "request" | "subscriber" | "worker";

const OPTIONS = {
  // Fails at once while disconnected. Sending again is the client's decision: it knows whether it may.
  request: {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
  },
  // Its owner subscribes again after a break, and knows then that messages may be lost.
  subscriber: {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
  },
  worker: { maxRetriesPerRequest: null },
} satisfies Record<ConnectionRole, RedisOptions>;

export interface ConnectionOptions {
  url: string;
  role: ConnectionRole;
  /** Shown in `CLIENT LIST`. */
  name: string;
  logger: Logger;
}

/**
 * Opens a connection that comes back by itself, for ever.
 * It never throws: while Redis is away its commands fail (`request`, `subscriber`) or wait (`worker`).
 */
export function openConnection({ url, role, name, logger }: ConnectionOptions): Redis {
  const redis = new Redis(url, {
    ...OPTIONS[role],
    connectionName: name,
    retryStrategy: (times) => Math.min(times * 50, RECONNECT_DELAY_MAX_MS),
  });
  defineScripts(redis);
  logOutages(redis, url, name, logger);
  if (role !== "worker") reconnectWhenHalfOpen(redis);
  return redis;
}

/** Resolves when the connection has been made, or the first attempt has failed. Never rejects. */
export function firstAttempt(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    const settled = (): void => {
      redis.off("ready", settled).off("close", settled);
      resolve();
    };
    redis.once("ready", settled).once("close", settled);
  });
}

/** One line when Redis goes and one when it is back, however often the connection tries in between. */
function logOutages(redis: Redis, url: string, name: string, logger: Logger): void {
  let away = false;
  const address = withoutCredentials(url);
  redis.on("error", (error: Error) => {
    if (away) return;
    away = true;
    logger.error(
      { connection: name, redis: address, reason: reasonOf(error) },
      `Redis at ${address} does not answer. Start it or correct REDIS_URL; trying again until it does.`,
    );
  });
  redis.on("ready", () => {
    if (away) logger.info({ connection: name, redis: address }, "Redis is back");
    away = false;
  });
}

/** A peer that vanished without closing leaves a socket on which every command times out. */
function reconnectWhenHalfOpen(redis: Redis): void {
  const timer = setInterval(() => {
    if (redis.status !== "ready") return;
    redis.ping().catch(() => {
      if (redis.status === "ready") redis.disconnect(true);
    });
  }, PING_INTERVAL_MS).unref();
  redis.once("end", () => clearInterval(timer));
}

function reasonOf(error: Error): string {
  // Trying several addresses of one name gives an AggregateError with an empty message.
  const [first] = error instanceof AggregateError ? error.errors : [error];
  return first instanceof Error ? first.message : String(first);
}

function withoutCredentials(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : "REDIS_URL";
}

/** Closes for good; harmless in any state and when repeated. */
export async function closeConnection(redis: Redis): Promise<void> {
  if (redis.status === "ready") {
    await redis.quit().catch(() => redis.disconnect());
  } else {
    redis.disconnect();
  }
}
