import type { Redis } from "ioredis";
import { nodesOf } from "./cluster-connection.ts";
import { firstAttempt } from "./connection.ts";
import type { Logger } from "../logger.ts";

/** Once, when the connection stands: warns of settings with which Redis loses jobs. Never fails. */
export function checkRedisOnce(redis: Redis, logger: Logger): void {
  const check = (): void => {
    firstAttempt(redis)
      .then(() => checkRedis(redis, logger))
      .catch((error: unknown) =>
        logger.warn({ reason: String(error) }, "The settings of Redis could not be read (INFO)"),
      );
  };
  if (redis.status === "ready") check();
  else redis.once("ready", check);
}

/** On a Cluster, each of its nodes. */
async function checkRedis(redis: Redis, logger: Logger): Promise<void> {
  const nodes = nodesOf(redis);
  if (nodes.length === 0) await checkServer(redis, "Redis", logger);
  await Promise.all(
    nodes.map((node) => {
      const { host = "", port = "" } = node.options;
      return checkServer(node, `The Redis node ${host}:${port}`, logger);
    }),
  );
}

async function checkServer(redis: Redis, name: string, logger: Logger): Promise<void> {
  const policy = field(await redis.info("memory"), "maxmemory_policy");
  if (policy !== null && policy !== "noeviction") {
    logger.warn(
      { maxmemory_policy: policy },
      `${name} evicts keys when its memory is full (maxmemory-policy ${policy}), and loses jobs with them. Set maxmemory-policy to noeviction.`,
    );
  }
  if (field(await redis.info("persistence"), "aof_enabled") === "0") {
    logger.warn(
      { appendonly: "no" },
      `${name} keeps no append-only file: when it dies, accepted jobs are lost. Set appendonly to yes.`,
    );
  }
}

/** A line of INFO; null when this server does not tell. */
function field(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? null;
}
