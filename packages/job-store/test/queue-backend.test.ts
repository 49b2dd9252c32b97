import { setImmediate as nextTurn } from "node:timers/promises";
import { startRedisProcess } from "@millrace/testing";
import type { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import { closeWorker } from "../src/bullmq/close-worker.ts";
import { createQueueBackend } from "../src/bullmq/queue-backend.ts";
import { openQueue } from "../src/bullmq/open-queue.ts";
import { openWorker } from "../src/bullmq/open-worker.ts";
import { closeConnection, openConnection } from "../src/redis/connection.ts";
import { UNTIL_DONE } from "../src/bullmq/until-done.ts";
import { createInstallation, silentLogger, type Installation } from "./support/test-installation.ts";

const NAME = "entries";
const PATIENCE_MS = 30_000;
const PLACES = 5;
/** No test waits for it: a worker that misses a wake-up stands still. */
const DRAIN_DELAY_SECONDS = 120;

/** Workers with five places each; returns what adds an entry. */
async function openParts(
  { redis, keys, onRelease }: Installation,
  { workers, process }: { workers: number; process: () => Promise<void> },
) {
  const queue = openQueue<number>(NAME, { redis, keys, logger: silentLogger });
  onRelease(() => queue.close());
  for (let index = 0; index < workers; index += 1) {
    const options = { name: `w${index}`, concurrency: PLACES, drainDelay: DRAIN_DELAY_SECONDS };
    const worker = openWorker(NAME, process, { keys, queueRedis: redis, logger: silentLogger }, options);
    onRelease(() => closeWorker(worker));
    await worker.waitUntilReady();
    void worker.run();
  }
  return async (id: string, priority: number): Promise<void> => {
    await queue.add(NAME, 0, { jobId: id, priority, ...UNTIL_DONE });
  };
}

/** Counts what workers ask of Redis; `BZPOPMIN` is counted when it is asked, not when it is answered. */
async function watch(redis: Redis) {
  const counts = { looks: 0, waits: 0, finishes: 0 };
  const monitor = await redis.monitor();
  onTestFinished(() => monitor.disconnect());
  monitor.on("monitor", (_time: string, [name = "", , keyCount]: string[]) => {
    const isScript = /^eval/i.test(name);
    if (/^bzpopmin$/i.test(name)) counts.waits += 1;
    // BullMQ's script that takes an entry is the one with eleven keys, that which finishes it the one with fourteen.
    if (isScript && keyCount === "11") counts.looks += 1;
    if (isScript && keyCount === "14") counts.finishes += 1;
  });
  return counts;
}

test("[store.take.once] a worker is woken once for an entry that comes alone", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  let done = 0;
  const add = await openParts(installation, { workers: 1, process: () => Promise.resolve(void (done += 1)) });
  const observer = openConnection({
    url: server.url,
    role: "worker",
    name: "observer",
    logger: silentLogger,
  });
  onTestFinished(() => closeConnection(observer));
  const counts = await watch(observer);
  const entries = 20;
  for (let index = 0; index < entries; index += 1) {
    const waits = counts.waits;
    await add(`e${index}`, index % 2);
    // It has finished it, and gone back to waiting.
    await vi.waitFor(() => {
      expect(counts.finishes).toBe(index + 1);
      expect(counts.waits).toBeGreaterThan(waits);
    }, PATIENCE_MS);
  }
  expect(done).toBe(entries);
  expect(counts.waits).toBe(entries);
  // It looks a second time when it has not yet heard that nothing is left. BullMQ by itself looks three times.
  expect(counts.looks).toBeLessThanOrEqual(2 * entries);
});

test("[store.take.all] workers overlook no entry, whenever it comes", async () => {
  const workers = 3;
  let missing = 0;
  let allRun = Promise.withResolvers<void>();
  // None ends before all run: what is overlooked is not found by one that ends.
  const process = async () => {
    missing -= 1;
    if (missing === 0) allRun.resolve();
    await allRun.promise;
  };
  const add = await openParts(createInstallation(), { workers, process });
  for (let round = 0; round < 90; round += 1) {
    const size = 1 + (round % (workers * PLACES));
    missing = size;
    allRun = Promise.withResolvers();
    for (let index = 0; index < size; index += 1) {
      const added = add(`e${round}-${index}`, index % 3);
      if ((round + index) % 4 === 0) await added;
    }
    await allRun.promise;
  }
});

test("[store.take.beside] a look beside the wait, or in a later turn, is answered by Redis", async () => {
  const { redis, keys, onRelease } = createInstallation();
  const queue = openQueue<number>(NAME, { redis, keys, logger: silentLogger });
  onRelease(() => queue.close());
  const options = { connection: redis, prefix: keys.queuePrefix(NAME), lockDuration: PATIENCE_MS };
  const backend = createQueueBackend(NAME, options, { withBlockingConnection: true });
  onRelease(() => backend.close());
  const add = (jobId: string) => queue.add(NAME, 0, { jobId, priority: 1, ...UNTIL_DONE });
  const look = async (): Promise<unknown> => (await backend.moveToActive("token"))[1];

  const waiting = backend.waitForJob(PATIENCE_MS / 1_000);
  expect(await look()).not.toBe("a");
  await add("a");
  await waiting;
  expect(await look()).toBe("a");
  // What was asked right behind that look has been answered too, however slow Redis is: answers come in order.
  await redis.ping();
  await nextTurn();
  await add("b");
  expect(await look()).toBe("b");
});
