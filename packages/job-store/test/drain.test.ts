import { once } from "node:events";
import { Worker } from "bullmq";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Execute, JobExecution } from "../src/run/job-execution.ts";
import { CHAT_DONE, submitChat } from "./support/chat-jobs.ts";
import { NOTHING } from "./support/executors.ts";
import { eventTypes, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

/** Longer than any test: a worker that waited for it would be told by the test's own time limit. */
const DRAIN_MS = 600_000;

/** The sets of BullMQ in which a job that is handed over may be found. */
async function placeOf({ redis, keys }: Installation, jobId: string): Promise<string | undefined> {
  const queue = `${keys.queuePrefix("chat")}:chat`;
  for (const name of ["prioritized", "delayed"]) {
    if ((await redis.zscore(`${queue}:${name}`, jobId)) !== null) return name;
  }
  return undefined;
}

test("[store.drain.step] a job goes on with another worker after the step in which its own began to drain", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const began = Promise.withResolvers<undefined>();
  const leaving = startRunner(installation, async ({ draining }) => {
    began.resolve(undefined);
    await once(draining, "abort");
    return { status: "yielded" };
  });
  const jobId = await submitChat(installation);
  await began.promise;
  await leaving.close(DRAIN_MS);
  // At once: not after a backoff, as something that has failed.
  expect(await placeOf(installation, jobId)).toBe("prioritized");
  let second: JobExecution | undefined;
  startRunner(installation, (execution) => {
    second = execution;
    return Promise.resolve(CHAT_DONE);
  });
  await untilStatus(api, jobId, "completed");
  expect(second).toMatchObject({ attempt: 1, isUnknown: false });
  expect(await eventTypes(api, jobId)).toEqual(["job.queued", "job.started", "job.started", "job.completed"]);
  expect((await api.find(TENANT, jobId))?.job.attempt).toBe(1);
});

test("[store.drain.timeout] a step that outlasts the drain timeout is aborted, and its job waits for no backoff", async () => {
  const installation = createInstallation();
  const began = Promise.withResolvers<undefined>();
  const leaving = startRunner(installation, async ({ signal }) => {
    began.resolve(undefined);
    await once(signal, "abort");
    return { status: "stopped", cancellation: NOTHING };
  });
  const jobId = await submitChat(installation);
  await began.promise;
  await leaving.close(0);
  expect(await placeOf(installation, jobId)).toBe("prioritized");
});

test("[store.drain.released] a job that has waited, and runs when its worker drains, is left to its end", async () => {
  const installation = createInstallation();
  const began = Promise.withResolvers<undefined>();
  const leaving = startRunner(installation, async ({ signal, draining, waiting, running }) => {
    waiting("place");
    await running();
    began.resolve(undefined);
    await once(draining, "abort");
    signal.throwIfAborted();
    return CHAT_DONE;
  });
  const jobId = await submitChat(installation);
  await began.promise;
  await leaving.close(DRAIN_MS);
  expect((await installation.createApi().find(TENANT, jobId))?.job.status).toBe("completed");
});

test.each(["before", "while"] as const)(
  "[store.drain.held] a job that waits for its server %s its worker drains is handed over at once",
  async (when) => {
    const installation = createInstallation();
    const api = installation.createApi();
    const began = Promise.withResolvers<undefined>();
    const leaving = startRunner(installation, async ({ signal, draining, waiting }) => {
      if (when === "before") waiting("place");
      began.resolve(undefined);
      if (when === "while") {
        await once(draining, "abort");
        waiting("server");
      }
      if (!signal.aborted) await once(signal, "abort");
      return { status: "stopped", cancellation: NOTHING };
    });
    const jobId = await submitChat(installation);
    await began.promise;
    await leaving.close(DRAIN_MS);
    let isUnknown: boolean | undefined;
    startRunner(installation, (execution) => {
      ({ isUnknown } = execution);
      return Promise.resolve(CHAT_DONE);
    });
    await untilStatus(api, jobId, "completed");
    expect(isUnknown).toBe(false);
  },
);

test("[store.drain.fetched] a job that is being fetched when its worker begins to drain is left to another", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const execute = vi.fn<Execute>(() => Promise.resolve(CHAT_DONE));
  const leaving = installation.createWorker().createRunner({ type: "chat", concurrency: 1, execute });
  const closed = Promise.withResolvers<void>();
  const worker = Worker.prototype as unknown as { moveToActive: (...given: unknown[]) => Promise<unknown> };
  const { moveToActive } = worker;
  const fetching = vi.spyOn(worker, "moveToActive").mockImplementationOnce(function (this: Worker, ...given) {
    const fetched = moveToActive.apply(this, given);
    // The answer comes later than this.
    queueMicrotask(() => closed.resolve(leaving.close(DRAIN_MS)));
    return fetched;
  });
  onTestFinished(() => fetching.mockRestore());
  leaving.start();
  await closed.promise;
  expect(execute).not.toHaveBeenCalled();
  expect(await placeOf(installation, jobId)).toBe("prioritized");
  startRunner(installation, execute);
  await untilStatus(api, jobId, "completed");
  expect(await eventTypes(api, jobId)).toEqual(["job.queued", "job.started", "job.completed"]);
});
