import { Worker } from "bullmq";
import { expect, onTestFinished, test, vi } from "vitest";
import { LOCK_MS } from "../src/bullmq/open-worker.ts";
import type { QueuedJobData } from "../src/job-queues.ts";
import { HeldLocks } from "../src/run/held-locks.ts";
import { submitChat } from "./support/chat-jobs.ts";
import { createInstallation } from "./support/test-installation.ts";

const TOKEN = "token";
const BEAT_MS = 2_000;
/** Less than a renewed lock has left. */
const NEARLY_OVER_MS = LOCK_MS / 2;

test("[store.lock.beat] a lock is renewed though answers come late, with three renewals under way at most", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  const worker = new Worker<QueuedJobData>("chat", null, {
    connection: redis,
    prefix: keys.queuePrefix("chat"),
    autorun: false,
    skipLockRenewal: true,
    skipStalledCheck: true,
  });
  installation.onRelease(() => worker.close(true));
  await worker.getNextJob(TOKEN);

  const extend = worker.extendJobLocks.bind(worker);
  const renewals: Promise<string[]>[] = [];
  const areAnswered = Promise.withResolvers<undefined>();
  worker.extendJobLocks = async (...locks) => {
    const renewal = extend(...locks);
    renewals.push(renewal);
    await areAnswered.promise;
    return await renewal;
  };
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const isLost = Promise.withResolvers<void>();
  using _ = new HeldLocks(worker).hold(jobId, { token: TOKEN, onLost: isLost.resolve });

  const lock = `${keys.queuePrefix("chat")}:chat:${jobId}:lock`;
  const isRenewedByBeat = async (): Promise<boolean> => {
    await redis.pexpire(lock, NEARLY_OVER_MS);
    vi.advanceTimersByTime(BEAT_MS);
    await Promise.all(renewals);
    return (await redis.pttl(lock)) > NEARLY_OVER_MS;
  };
  const renewed: boolean[] = [];
  for (let beat = 1; beat <= 4; beat += 1) renewed.push(await isRenewedByBeat());
  expect(renewed).toEqual([true, true, true, false]);
  areAnswered.resolve(undefined);
  expect(await isRenewedByBeat()).toBe(true);
  await redis.del(lock);
  vi.advanceTimersByTime(BEAT_MS);
  await isLost.promise;
  // Nothing is held any more.
  vi.advanceTimersByTime(BEAT_MS);
  expect(vi.getTimerCount()).toBe(0);
});
