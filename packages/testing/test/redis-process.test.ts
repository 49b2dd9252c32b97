import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startRedisPair, startRedisProcess } from "@millrace/testing";
import { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";

const SILENCE_MS = 200;

/** Its commands wait for Redis, however long. */
function connect(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on("error", () => {}); // away on purpose
  onTestFinished(() => redis.disconnect());
  return redis;
}

async function expectSilence(answer: Promise<unknown>): Promise<void> {
  expect(await Promise.race([answer, delay(SILENCE_MS, "silence")])).toBe("silence");
}

test("[testing.redis.faults] a killed Redis comes back on its port with what it had acknowledged", async () => {
  const appendOnlyFolder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  onTestFinished(() => rm(appendOnlyFolder, { recursive: true }));
  // With "everysec" a slow disk may hold writes back that have been answered, and a kill loses those.
  await using server = await startRedisProcess({ appendOnlyFolder, settings: { appendfsync: "no" } });

  await connect(server.url).set("acknowledged", "yes");
  await server.kill();
  const answer = connect(server.url).get("acknowledged");
  await expectSilence(answer);
  await server.restart();
  expect(await answer).toBe("yes");
});

test("[testing.redis.faults] a paused Redis keeps its connections and answers when it goes on", async () => {
  await using server = await startRedisProcess();
  const redis = connect(server.url);
  const id = await redis.client("ID");

  await server.pause();
  const answer = redis.client("ID");
  await expectSilence(answer);
  server.resume();
  expect(await answer).toBe(id);
});

test("a port that is taken is an error that says so", async () => {
  await using server = await startRedisProcess();
  await expect(startRedisProcess({ port: server.port })).rejects.toThrow("Address already in use");
});

test("[testing.redis.folder] what others have left in the temporary folder is not loaded, and nothing is added to it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv("TMPDIR", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  await writeFile(join(folder, "dump.rdb"), "of a Redis of another version");
  await (await startRedisProcess()).close();
  await (await startRedisPair()).close();
  expect(await readdir(folder)).toEqual(["dump.rdb"]);
});
