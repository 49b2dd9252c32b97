import type { Redis } from "ioredis";
import { closeConnection, openConnection } from "./connection.ts";
import type { Logger } from "../logger.ts";
import { checkRedisOnce } from "./redis-check.ts";

export interface WorkerConnections {
  /** For our own commands. */
  redis: Redis;
  /** For BullMQ's queues. */
  queueRedis: Redis;
  /** For channels. */
  subscriber: Redis;
  close(): Promise<void>;
}

/** Opens the connections of one worker. `name` is shown in `CLIENT LIST`. */
export function openWorkerConnections(url: string, name: string, logger: Logger): WorkerConnections {
  const redis = openConnection({ url, logger, role: "worker", name });
  const queueRedis = openConnection({ url, logger, role: "queue", name: `${name}:queue` });
  const subscriber = openConnection({ url, logger, role: "subscriber", name: `${name}:control` });
  checkRedisOnce(redis, logger);
  return {
    redis,
    queueRedis,
    subscriber,
    close: async () => {
      await Promise.all([redis, queueRedis, subscriber].map((open) => closeConnection(open)));
    },
  };
}
