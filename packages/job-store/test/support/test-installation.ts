import { randomBytes } from "node:crypto";
import type { ToolJobRequest, ToolJobResult } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { inject, onTestFinished } from "vitest";
import type { LimitsOf } from "../../src/admission/tenant-limits.ts";
import { closeConnection, openConnection } from "../../src/redis/connection.ts";
import { createJobStore } from "../../src/job-store.ts";
import { createKeys } from "../../src/keys.ts";
import type { Logger } from "../../src/logger.ts";
import { createWorkerStore, type WorkerStoreOptions } from "../../src/worker-store.ts";

const silent = (): void => undefined;
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

export const TENANT = "alice";

export const REQUEST: ToolJobRequest = {
  type: "tool",
  server: "fixture",
  tool: "echo",
  arguments: { text: "hello" },
};

export const RESULT: ToolJobResult = {
  content: [{ type: "text", text: "hello" }],
  structured_content: null,
  is_error: false,
  execution_time_ms: 1.5,
};

/**
 * An installation of its own on the run's Redis, for one test: a fresh key prefix, whose keys and connections are
 * gone when the test has ended.
 */
export function createInstallation(
  redisUrl: string = inject("redisUrl"),
  keyPrefix = `t${randomBytes(6).toString("hex")}`,
) {
  const options = { redisUrl, keyPrefix, logger: silentLogger };
  const releases: (() => Promise<unknown>)[] = [];
  const redis = openConnection({
    url: redisUrl,
    role: "worker",
    name: `${keyPrefix}:test`,
    logger: silentLogger,
  });
  onTestFinished(async () => {
    for (const release of releases.toReversed()) await release();
    await deleteKeys(redis, keyPrefix);
    await closeConnection(redis);
  });
  const released = <Part extends { close(): Promise<unknown> }>(part: Part): Part => {
    releases.push(() => part.close());
    return part;
  };
  return {
    redis,
    keyPrefix,
    keys: createKeys(keyPrefix),
    /** What an api has. */
    createApi: (retentionSeconds = 600, limitsOf?: LimitsOf) =>
      released(createJobStore({ ...options, retentionSeconds, ...(limitsOf ? { limitsOf } : {}) })),
    /** What a worker has. */
    createWorker: (changes: Partial<WorkerStoreOptions> = {}) =>
      released(createWorkerStore({ ...options, ...changes })),
    /** Returns once that many workers hear the control channel. */
    untilListening: async (count: number): Promise<void> => {
      const channel = createKeys(keyPrefix).control;
      for (let heard = 0; heard < count;) {
        heard = Number((await redis.pubsub("NUMSUB", channel))[1]);
      }
    },
    /** Runs before the connections close, last one first. */
    onRelease: (release: () => Promise<unknown>) => void releases.push(release),
  };
}

export type Installation = ReturnType<typeof createInstallation>;

async function deleteKeys(redis: Redis, keyPrefix: string): Promise<void> {
  for (const pattern of [`${keyPrefix}:*`, `{${keyPrefix}:*`]) {
    const keys = await redis.keys(pattern);
    await Promise.all(keys.map((key) => redis.del(key)));
  }
}
