import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisProcess } from "@millrace/testing";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";

const COMMAND_TIMEOUT_MS = 200;

function connect(url: string): Redis {
  const redis = new Redis(url, { commandTimeout: COMMAND_TIMEOUT_MS, retryStrategy: () => 20 });
  redis.on("error", () => {}); // away on purpose
  onTestFinished(() => redis.disconnect());
  return redis;
}

test("[testing.redis.faults] a killed Redis comes back on its port with what it had acknowledged", async () => {
  const appendOnlyFolder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  onTestFinished(() => rm(appendOnlyFolder, { recursive: true }));
  // With "everysec" a slow disk may hold writes back that have been answered, and a kill loses those.
  await using server = await startRedisProcess({ appendOnlyFolder, settings: { appendfsync: "no" } });

  await connect(server.url).set("acknowledged", "yes");
  await server.kill();
  await expect(connect(server.url).ping()).rejects.toThrow("timed out");
  await server.restart();
  expect(await connect(server.url).get("acknowledged")).toBe("yes");
});

test("[testing.redis.faults] a paused Redis keeps its connections and answers when it goes on", async () => {
  await using server = await startRedisProcess();
  const redis = connect(server.url);
  await redis.ping();

  server.pause();
  await expect(redis.ping()).rejects.toThrow("timed out");
  server.resume();
  expect(await redis.ping()).toBe("PONG");
});

test("a port that is taken is an error that says so", async () => {
  await using server = await startRedisProcess();
  await expect(startRedisProcess({ port: server.port })).rejects.toThrow("Address already in use");
});
