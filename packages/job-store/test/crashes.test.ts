import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { failCrashLoop } from "../src/run/crash-loop.ts";
import { claimRun, type Claim } from "../src/run/claim-run.ts";
import type { JobRun } from "../src/run/job-run.ts";
import { RunRefusedError } from "../src/run/run-writer.ts";
import {
  CHAT_DONE,
  CHAT_REQUEST,
  claimChat,
  submitChat,
  toolCalled,
  toolReturned,
  turnFinished,
} from "./support/chat-jobs.ts";
import { eventTypes, PATIENCE_MS, startRunner, takeAndDie, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

const MAX_CRASHES = 3;

function claim({ redis, keys }: Installation, jobId: string, run: number): Promise<Claim> {
  const fence = { jobId, generation: 0, run, workerId: `worker_${run}` };
  return claimRun(
    fence,
    { request: CHAT_REQUEST },
    { redis, keys, clock: systemClock, maxCrashes: MAX_CRASHES },
  );
}

test("[store.crash_loop] a job whose workers die again and again without a new step ends, and its log is kept", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  for (let run = 1; run <= MAX_CRASHES; run += 1) {
    const { outcome } = await claim(installation, jobId, run);
    expect(outcome).toBe("claimed");
  }
  expect((await claim(installation, jobId, MAX_CRASHES + 1)).outcome).toBe("crash_loop");
  await failCrashLoop(jobId, { redis, keys, clock: systemClock, maxCrashes: MAX_CRASHES });
  expect((await api.find(TENANT, jobId))?.job).toMatchObject({
    status: "failed",
    error: { code: "crash_loop", retryable: false },
  });
  expect(await eventTypes(api, jobId)).toEqual([
    "job.queued",
    ...Array.from({ length: MAX_CRASHES }, () => "job.started"),
    "job.failed",
  ]);
  // A retry counts anew.
  expect((await api.retries.retry(TENANT, jobId, "journal"))?.outcome).toBe("reopened");
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await untilStatus(api, jobId, "completed");
});

test.each(["before", "while"] as const)(
  "[store.crash_loop.cancel] a job that was cancelled %s its last take-over was judged ends as cancelled",
  async (when) => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const api = installation.createApi();
    const jobId = await submitChat(installation);
    const run = await claimChat(installation, jobId);
    await run.write([toolCalled("c1"), toolReturned("c1", "found")]);
    const cancel = async () => expect((await api.cancel(TENANT, jobId))?.requested).toBe(true);
    if (when === "before") await cancel();
    if (when === "while") {
      const read = redis.hgetall.bind(redis);
      vi.spyOn(redis, "hgetall").mockImplementationOnce(async (key) => {
        const record = await read(key);
        await cancel();
        return record;
      });
    }
    await failCrashLoop(jobId, { redis, keys, clock: systemClock, maxCrashes: 1 });
    expect((await api.find(TENANT, jobId))?.job).toMatchObject({
      status: "cancelled",
      cancellation: { completed: [{ tool_call_id: "c1" }] },
    });
  },
);

test("[store.crash_loop.newer] a newer run that begins while the last take-over is judged goes on", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await claimChat(installation, jobId);
  const read = redis.hgetall.bind(redis);
  const newer = Promise.withResolvers<JobRun>();
  vi.spyOn(redis, "hgetall").mockImplementationOnce(async (key) => {
    const record = await read(key);
    newer.resolve(await claimChat(installation, jobId, 2));
    return record;
  });
  await failCrashLoop(jobId, { redis, keys, clock: systemClock, maxCrashes: 1 });
  expect((await api.find(TENANT, jobId))?.job.status).toBe("running");
  if (CHAT_DONE.status !== "completed") throw new Error("not an outcome");
  await (await newer.promise).finish(CHAT_DONE);
  expect((await api.find(TENANT, jobId))?.job.status).toBe("completed");
});

test("[store.crash_loop.progress] take-overs are counted anew after each step that is finished, not after a begun one", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  for (let run = 1; run <= 12; run += 1) {
    const answer = await claim(installation, jobId, run);
    if (answer.outcome !== "claimed") throw new Error(`run ${run}: ${answer.outcome}`);
    if (run % 2 === 0) await answer.run.write([toolReturned(`c${run}`, "found")]);
  }
  for (let run = 13; run <= 14; run += 1) {
    const answer = await claim(installation, jobId, run);
    if (answer.outcome !== "claimed") throw new Error(`run ${run}: ${answer.outcome}`);
    await answer.run.write([toolCalled(`c${run}`)]);
  }
  expect((await claim(installation, jobId, 15)).outcome).toBe("crash_loop");
});

test("[store.crash_loop.hand_back] a worker that gives its job back has not crashed", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  for (let run = 1; run <= 10; run += 1) {
    const answer = await claim(installation, jobId, run);
    if (answer.outcome !== "claimed") throw new Error(`run ${run}: ${answer.outcome}`);
    await answer.run.giveBack(false);
  }
});

test("[store.crash_loop.runner] the worker that takes such a job over ends it, and drops its entry", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await takeAndDie(installation, "chat");
  await claimChat(installation, jobId);
  const runner = installation
    .createWorker()
    .createRunner({ type: "chat", concurrency: 1, maxCrashes: 1, execute: () => Promise.resolve(CHAT_DONE) });
  installation.onRelease(() => runner.close(0));
  runner.start();
  await untilStatus(api, jobId, "failed");
  expect((await api.find(TENANT, jobId))?.job.error?.code).toBe("crash_loop");
  await vi.waitFor(async () => {
    expect(await redis.exists(`${keys.queuePrefix("chat")}:chat:${jobId}`)).toBe(0);
  }, PATIENCE_MS);
});

test("[store.crash_loop.over] a worker that is not dead after all writes nothing into the job that was ended for it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await failCrashLoop(jobId, { redis, keys, clock: systemClock, maxCrashes: 1 });
  await expect(run.write([toolCalled("c1")])).rejects.toThrow(RunRefusedError);
  if (CHAT_DONE.status !== "completed") throw new Error("not an outcome");
  await expect(run.finish(CHAT_DONE)).rejects.toThrow(RunRefusedError);
  const events = await eventTypes(installation.createApi(), jobId);
  expect(events).toEqual(["job.queued", "job.started", "job.failed"]);
});

test("[store.unknown] a run knows whether the one before it was cut off and may have begun", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  const started = async (run: number) => {
    const answer = await claim(installation, jobId, run);
    if (answer.outcome !== "claimed") throw new Error(answer.outcome);
    return answer.run;
  };
  const first = await started(1);
  expect(first.claimed.isUnknown).toBe(false);
  // The client library repeats the command: the run has not been cut off.
  expect((await started(1)).claimed).toMatchObject({ isUnknown: false, crashes: 0 });
  await first.giveBack(true);
  const second = await started(2);
  expect(second.claimed.isUnknown).toBe(false);
  await second.giveBack(false);
  const third = await started(3);
  expect(third.claimed.isUnknown).toBe(true);
  // The client library repeats the command: the answer is the same.
  expect((await started(3)).claimed.isUnknown).toBe(true);
  await third.write([turnFinished(1)]);
  expect((await started(4)).claimed.isUnknown).toBe(true);
});

test("[store.unknown.entry] what is known of the runs of one entry says nothing of the runs of the next", async () => {
  const installation = createInstallation();
  const idle = await submitChat(installation);
  const next = { generation: 1 };
  await (await claimChat(installation, idle)).giveBack(true);
  expect((await claimChat(installation, idle, 1, CHAT_REQUEST, next)).claimed.isUnknown).toBe(false);
  expect((await claimChat(installation, idle, 2, CHAT_REQUEST, next)).claimed.isUnknown).toBe(true);

  const unknown = await submitChat(installation);
  await claimChat(installation, unknown);
  const second = await claimChat(installation, unknown, 2);
  expect(second.claimed.isUnknown).toBe(true);
  await second.giveBack(true);
  const first = await claimChat(installation, unknown, 1, CHAT_REQUEST, next);
  await first.park("cool_down", Date.now(), 1_000);
  expect((await claimChat(installation, unknown, 2, CHAT_REQUEST, next)).claimed.isUnknown).toBe(false);

  const parked = await submitChat(installation);
  await claimChat(installation, parked);
  await (await claimChat(installation, parked, 2)).park("cool_down", Date.now(), 1_000);
  expect((await claimChat(installation, parked, 2, CHAT_REQUEST, next)).claimed.isUnknown).toBe(false);
});

test("[store.unknown.clean] after a park or a failed attempt nothing is unknown, and take-overs are counted anew", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  await claimChat(installation, jobId);
  const second = await claimChat(installation, jobId, 2);
  expect(second.claimed).toMatchObject({ isUnknown: true, crashes: 1 });
  await second.park("cool_down", Date.now(), 1_000);
  expect((await claimChat(installation, jobId, 3)).claimed).toMatchObject({ isUnknown: false, crashes: 0 });
  const fourth = await claimChat(installation, jobId, 4);
  expect(fourth.claimed.crashes).toBe(1);
  await fourth.retry(0, { code: "provider_unavailable", message: "", retryable: true }, false);
  const fifth = await claimChat(installation, jobId, 5);
  expect(fifth).toMatchObject({ claimed: { isUnknown: false, attempt: 2, crashes: 0 }, tries: 2 });
});

test("[store.unknown.hand_back] a job that is given back idle at shutdown is known not to have begun", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const began = Promise.withResolvers<undefined>();
  const seen: boolean[] = [];
  const leaving = startRunner(installation, async ({ signal, isUnknown }) => {
    seen.push(isUnknown);
    began.resolve(undefined);
    await once(signal, "abort");
    const cancellation = { completed: [], stopped: [], ignored: [], model_stopped: false };
    return { status: "stopped", cancellation, isIdle: true };
  });
  await began.promise;
  await leaving.close(0);
  startRunner(installation, ({ isUnknown }) => {
    seen.push(isUnknown);
    return Promise.resolve(CHAT_DONE);
  });
  await untilStatus(api, jobId, "completed");
  expect(seen).toEqual([false, false]);
});
