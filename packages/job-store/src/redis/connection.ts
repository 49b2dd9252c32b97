import { Redis } from "ioredis";
import { nodesOf, openAnyNode, openCluster } from "./cluster-connection.ts";
import { parseClusterUrl, withoutCredentials, type NodeOptions } from "./redis-address.ts";
import { defineScripts } from "../scripts.ts";
import { limitConnecting } from "./limit-connecting.ts";
import type { Logger } from "../logger.ts";

const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_DELAY_MS_MAX = 1_000;
const PING_INTERVAL_MS = 1_000;
/**
 * A connection on which nothing has answered for this long, or that is not ready so long after it was made, is made
 * anew. Redis may hold writes back for two seconds when its disk is slow; who waits for an answer is told sooner.
 */
const PING_TIMEOUT_MS = 5_000;

/**
 * What a connection is for:
 * `request` answers fast or fails fast, for HTTP requests;
 * `subscriber` listens;
 * `worker` and `queue` wait for Redis as long as it takes; the second is BullMQ's.
 */
type ConnectionRole = "request" | "subscriber" | "worker" | "queue";

/**
 * What fails fast counts the time to connect by itself, see {@link limitConnecting}.
 *
 * With `enableAutoPipelining` the commands of one turn of the event loop go out in one write, which pays where many
 * requests come in at once, and not in the worker: it was measured.
 */
const OPTIONS = {
  // Fails what is under way when the connection breaks. Sending it again is the client's decision: only it knows
  // whether it may.
  request: {
    connectTimeout: 0,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    // A ping that waits for the pipeline before it says nothing of the connection.
    autoPipeliningIgnoredCommands: ["ping"],
  },
  // Its owner subscribes again after a break, and knows then that messages may be lost.
  subscriber: { connectTimeout: 0, maxRetriesPerRequest: 0, autoResubscribe: false },
  worker: { maxRetriesPerRequest: null },
  queue: { maxRetriesPerRequest: null },
} satisfies Record<ConnectionRole, NodeOptions>;

export interface ConnectionOptions {
  url: string;
  role: ConnectionRole;
  /** Shown in `CLIENT LIST`. */
  name: string;
  logger: Logger;
}

/**
 * Opens a connection that comes back by itself, for ever.
 * It never throws: while Redis is away its commands fail (`request`, `subscriber`) or wait.
 */
export function openConnection({ url, role, name, logger }: ConnectionOptions): Redis {
  const options: NodeOptions = {
    ...OPTIONS[role],
    connectionName: name,
    retryStrategy: (times) => Math.min(times * 50, RECONNECT_DELAY_MS_MAX),
    reconnectOnError: isDemoted,
  };
  const redis = openRedis(url, role, options, (node) => {
    if (!isPatient(role)) limitConnecting(node, CONNECT_TIMEOUT_MS);
    reconnectWhenHalfOpen(node);
  });
  defineScripts(redis);
  logOutages(redis, url, name, logger);
  return redis;
}

function isPatient(role: ConnectionRole): boolean {
  return role === "worker" || role === "queue";
}

function openRedis(
  url: string,
  role: ConnectionRole,
  options: NodeOptions,
  watch: (redis: Redis) => void,
): Redis {
  const address = parseClusterUrl(url);
  if (address && role !== "subscriber") {
    return openCluster({ address, options, isPatient: isPatient(role), onNode: watch });
  }
  const redis = address ? openAnyNode(address, options) : new Redis(url, options);
  watch(redis);
  return redis;
}

/**
 * After a failover the old primary takes no writes any more. Its name may lead to the new one by now, so the connection
 * is made anew; where commands wait for Redis, the one that was refused is sent again.
 */
function isDemoted(error: Error): false | 2 {
  return /^(READONLY|MASTERDOWN)\b/.test(error.message) ? 2 : false;
}

/**
 * Every pipeline of ioredis, automatic ones too, copies all scripts of its connection, and BullMQ defines sixty: 8 % of
 * the api's time in a profile of the benchmark. This leaves a connection those whose names `isUsed` accepts. Pipelines
 * know no others from then on; outside of pipelines all of them still work.
 */
export function keepPipelinesLean(redis: Redis, isUsed: (script: string) => boolean): void {
  const { scriptsSet } = redis as unknown as { scriptsSet: Record<string, unknown> };
  for (const name of Object.keys(scriptsSet)) if (!isUsed(name)) delete scriptsSet[name];
}

/** Resolves when the connection has been made, or the first attempt has failed. Never rejects. */
export async function firstAttempt(redis: Redis): Promise<void> {
  if (redis.status !== "ready") {
    await new Promise<void>((resolve) => {
      const settled = (): void => {
        redis.off("ready", settled).off("close", settled);
        resolve();
      };
      redis.once("ready", settled).once("close", settled);
    });
  }
  await Promise.all(nodesOf(redis).map((node) => firstAttempt(node)));
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

/**
 * A peer that vanished without closing leaves a socket on which nothing is ever answered, and one that never answers
 * the first command leaves the connection half made. Either is made anew.
 */
function reconnectWhenHalfOpen(redis: Redis): void {
  let unanswered: NodeJS.Timeout | undefined;
  let unready = 0;
  // Timers run before sockets are read, so an answer may be there already when this process was busy.
  const reconnect = (): void => void setImmediate(() => unanswered && redis.disconnect(true));
  const timer = setInterval(() => {
    unready = redis.status === "connect" ? unready + PING_INTERVAL_MS : 0;
    if (unready > PING_TIMEOUT_MS) redis.disconnect(true);
    if (redis.status !== "ready" || unanswered) return;
    unanswered = setTimeout(reconnect, PING_TIMEOUT_MS).unref();
    const answered = (): void => {
      clearTimeout(unanswered);
      unanswered = undefined;
    };
    redis.ping().then(answered, answered);
  }, PING_INTERVAL_MS).unref();
  redis.once("end", () => clearInterval(timer));
  redis.on("close", () => {
    clearTimeout(unanswered);
    unanswered = undefined;
    unready = 0;
  });
}

function reasonOf(error: Error): string {
  // Trying several addresses of one name gives an AggregateError with an empty message.
  const [first] = error instanceof AggregateError ? error.errors : [error];
  return first instanceof Error ? first.message : String(first);
}

/** Closes for good; harmless in any state and when repeated. */
export async function closeConnection(redis: Redis): Promise<void> {
  // What fails from now on, the first command of a connection that was still being made for instance, is no outage.
  redis.removeAllListeners("error").on("error", () => undefined);
  if (redis.status === "ready") {
    await redis.quit().catch(() => redis.disconnect());
  } else {
    redis.disconnect();
  }
}
