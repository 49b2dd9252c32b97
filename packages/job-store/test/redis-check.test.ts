import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisProcess } from "@millrace/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { closeConnection, openConnection } from "../src/redis/connection.ts";
import type { Logger } from "../src/logger.ts";
import { checkRedisOnce } from "../src/redis/redis-check.ts";
import { silentLogger } from "./support/test-installation.ts";

async function warningsOf(appendOnlyFolder: string | null, policy: string): Promise<string[]> {
  const server = await startRedisProcess(appendOnlyFolder === null ? {} : { appendOnlyFolder });
  onTestFinished(() => server.close());
  const warnings: string[] = [];
  const read = Promise.withResolvers<undefined>();
  const warn: Logger["warn"] = (_: unknown, text?: string) => void warnings.push(String(text));
  const logger = { ...silentLogger, warn };
  const redis = openConnection({ url: server.url, role: "worker", name: "test", logger });
  onTestFinished(() => closeConnection(redis));
  await redis.config("SET", "maxmemory-policy", policy);
  const info = redis.info.bind(redis);
  vi.spyOn(redis, "info").mockImplementation(async (section?: unknown) => {
    const answer = await info(section as string);
    if (section === "persistence") setImmediate(() => read.resolve(undefined));
    return answer;
  });
  checkRedisOnce(redis, logger);
  await read.promise;
  return warnings;
}

test("[store.redis_check] warns at start of a Redis that evicts keys or keeps no append-only file, and of no other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-aof-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const warnings = await warningsOf(null, "allkeys-lru");
  expect(warnings).toEqual([
    expect.stringContaining("maxmemory-policy to noeviction"),
    expect.stringContaining("appendonly to yes"),
  ]);
  expect(await warningsOf(folder, "noeviction")).toEqual([]);
});
