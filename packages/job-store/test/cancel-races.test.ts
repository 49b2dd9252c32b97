import { once } from "node:events";
import { isTerminal, isTerminalEvent } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { endWaitingJob } from "../src/control/end-waiting-job.ts";
import { parseRecord, type JobRecord } from "../src/record.ts";
import {
  CHAT_DONE,
  CHAT_REQUEST,
  claimChat,
  submitChat,
  toolCalled,
  toolReturned,
  turnFinished,
} from "./support/chat-jobs.ts";
import { NOTHING, STOPPED, untilStopped } from "./support/executors.ts";
import {
  eventTypes,
  FULL,
  PATIENCE_MS,
  queueEmpty,
  startRunner,
  takeAndDie,
  untilStatus,
} from "./support/run-jobs.ts";
import { createInstallation, TENANT } from "./support/test-installation.ts";

test("[store.cancel.too-late] an outcome that comes after the request is not taken", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startRunner(installation, async ({ signal, write }) => {
    await write([turnFinished(1, "c1"), toolCalled("c1"), toolReturned("c1", "hello")]);
    await once(signal, "abort");
    return CHAT_DONE;
  });
  const jobId = await submitChat(installation);
  await vi.waitFor(async () => expect(await eventTypes(api, jobId)).toContain("tool.returned"), 20_000);
  await api.cancel(TENANT, jobId);
  await untilStatus(api, jobId, "cancelled");
  expect((await api.find(TENANT, jobId))?.job).toMatchObject({
    result: null,
    cancellation: { completed: [{ tool_call_id: "c1" }] },
    usage: { turns: 1, tool_calls: 1 },
  });
});

test("[store.cancel.twice] takes two cancels at once as one", async () => {
  const installation = createInstallation();
  const stores = [installation.createApi(), installation.createApi()];
  const jobId = await submitChat(installation);
  const answers = await Promise.all(stores.map((store) => store.cancel(TENANT, jobId)));
  expect(answers.filter((answer) => answer?.requested)).toHaveLength(1);
  expect(answers.map((answer) => answer?.job.status)).toEqual(["cancelled", "cancelled"]);
  const [store] = stores;
  if (store) expect(await eventTypes(store, jobId)).toEqual(["job.queued", "job.cancelled"]);
});

test("[store.cancel.dead-worker] is kept for the next run while the worker of a job is dead", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  expect(await takeAndDie(installation, "chat")).toBe(jobId);
  await claimChat(installation, jobId);
  expect(await api.cancel(TENANT, jobId)).toMatchObject({ requested: true });
  let wasAborted: boolean | null = null;
  startRunner(installation, async (execution) => {
    wasAborted = execution.signal.aborted;
    return await untilStopped(execution);
  });
  await untilStatus(api, jobId, "cancelled");
  expect(wasAborted).toBe(true);
  await queueEmpty(installation, "chat");
});

test("[store.cancel.lost-message] is found after a reconnect when its message was lost", async () => {
  const installation = createInstallation();
  const { redis, keys, keyPrefix } = installation;
  const api = installation.createApi();
  startRunner(installation, untilStopped);
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "running");
  // The request without its message: that went out while nobody listened.
  await redis.hset(keys.record(jobId), "cancel_requested", "1");
  const clients = String(await redis.client("LIST")).split("\n");
  const control = clients.find(
    (line) => line.includes(`name=${keyPrefix}:worker_`) && line.includes(":control "),
  );
  await redis.call("CLIENT", "KILL", "ID", /^id=(\d+)/.exec(control ?? "")?.[1] ?? "");
  await untilStatus(api, jobId, "cancelled");
});

test("[store.cancel.changed] does not end a job as one that waits when a worker has claimed it since", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const read = async () =>
    parseRecord(await redis.hgetall(keys.record(jobId))) ?? expect.fail("there is no record");
  const end = async (record: JobRecord) =>
    await endWaitingJob(
      jobId,
      record,
      { status: "cancelled", cancellation: NOTHING },
      { redis, keys, clock: systemClock },
    );
  const queued = await read();
  const run = await claimChat(installation, jobId);
  expect(await end(queued)).toBe("changed");
  const running = await read();
  await run.park("cool_down", Date.now(), 1_000);
  expect(await end(running)).toBe("changed");
  const parked = await read();
  await (await claimChat(installation, jobId, 2)).park("cool_down", Date.now(), 1_000);
  expect(await end(parked)).toBe("changed");
  expect(await end(await read())).toBe("ended");
  expect(await end(await read())).toBe("terminal");
  expect((await eventTypes(api, jobId)).filter(isTerminalEvent)).toEqual(["job.cancelled"]);
  // One that has been opened again is as new, but not the one that was seen.
  await api.retries.retry(TENANT, jobId, "start");
  expect(await end(queued)).toBe("changed");
});

test("[store.cancel.race] leaves one terminal event, and the answer true, whenever it comes", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const [submitter, canceller] = [installation.createApi(), installation.createApi()];
  const parkedOnce = new Set<string>();
  startRunner(
    installation,
    async ({ jobId, signal }) => {
      const kind = Math.random();
      if (kind < 0.3 && !parkedOnce.has(jobId)) {
        parkedOnce.add(jobId);
        return { status: "parked", reason: "cool_down", until: Date.now() + Math.random() * 10 };
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, Math.random() * 10);
      // Some see the abort, some are too busy.
      if (kind < 0.8) signal.addEventListener("abort", () => resolve());
      await promise;
      return kind < 0.8 && signal.aborted ? { status: "stopped", cancellation: STOPPED } : CHAT_DONE;
    },
    { concurrency: 20 },
  );

  const cancelSometime = async (index: number): Promise<{ jobId: string; requested: boolean }> => {
    // However fast or slow the machine is, some are cancelled before they start and some when they have ended.
    const request = index === 0 ? { ...CHAT_REQUEST, delay_ms: 600_000 } : CHAT_REQUEST;
    const { id: jobId } = await submitter.submit({ tenant: TENANT, request });
    if (index === 1) await untilStatus(submitter, jobId, "completed");
    else await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
    const answer = await canceller.cancel(TENANT, jobId);
    return { jobId, requested: answer?.requested ?? expect.fail("no such job") };
  };
  const cancelled: Awaited<ReturnType<typeof cancelSometime>>[] = [];
  for (let batch = 0; batch < (FULL ? 100 : 10); batch += 1) {
    cancelled.push(...(await Promise.all(Array.from({ length: 30 }, (_, index) => cancelSometime(index)))));
  }

  for (const { jobId, requested } of cancelled) {
    const status = await vi.waitFor(async () => {
      const now = await redis.hget(keys.record(jobId), "status");
      return isTerminal(now as "queued") ? now : expect.fail(`still ${now}`);
    }, PATIENCE_MS);
    const types = await eventTypes(submitter, jobId);
    expect(types.filter(isTerminalEvent)).toEqual([`job.${status}`]);
    expect(types.at(-1)).toBe(`job.${status}`);
    expect(status).toBe(requested ? "cancelled" : "completed");
  }
  expect(new Set(cancelled.map(({ requested }) => requested)).size).toBe(2);
  await queueEmpty(installation, "chat");
}, 120_000);
