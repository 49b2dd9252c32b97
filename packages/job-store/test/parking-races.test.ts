import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { JobQueues } from "../src/job-queues.ts";
import type { Execute, JobExecution } from "../src/run/job-execution.ts";
import { approvalRequested, CHAT_DONE, CHAT_REQUEST, claimChat, submitChat } from "./support/chat-jobs.ts";
import { askOnce, approve, FAR_MS, forApproval } from "./support/executors.ts";
import { submitMany } from "./support/line-state.ts";
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

const BUSY = { code: "provider_unavailable", message: "busy", retryable: true } as const;

test("[store.park.wake] loses no wake-up, at whatever moment it comes", async () => {
  const installation = createInstallation();
  const [submitter, decider] = [installation.createApi(), installation.createApi()];
  const starts = new Map<string, number>();
  startRunner(
    installation,
    async (execution) => {
      const { jobId, readPast, write } = execution;
      starts.set(jobId, (starts.get(jobId) ?? 0) + 1);
      const call = `c${(await readPast()).filter(({ type }) => type === "approval.resolved").length}`;
      if (call === "c2") return CHAT_DONE;
      await write([approvalRequested(call)]);
      // Before, while and after the job is parked.
      setTimeout(() => void approve(decider, jobId, call), Math.random() * 10);
      await delay(Math.random() * 40);
      return forApproval();
    },
    { concurrency: 50 },
  );
  const total = FULL ? 2_000 : 200;
  for (let submitted = 0; submitted < total; submitted += 100) {
    const ids = await submitMany(submitter, 100, { request: CHAT_REQUEST });
    for (const id of ids) await untilStatus(submitter, id, "completed");
  }
  expect(starts.size).toBe(total);
  await queueEmpty(installation, "chat");
}, 120_000);

test("[store.park.between] loses no wake-up that comes when the record is parked and the queue's entry not yet", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const park = vi.spyOn(JobQueues.prototype, "park");
  onTestFinished(() => park.mockRestore());
  park.mockImplementationOnce(async function (this: JobQueues, ...parameters) {
    expect((await api.find(TENANT, jobId))?.job.status).toBe("parked");
    expect(await approve(api, jobId)).toBe("decided");
    park.mockRestore();
    await this.park(...parameters);
  });
  startRunner(installation, askOnce);
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "completed");
});

const endings: [what: string, first: Execute][] = [
  ["is parked", askOnce],
  ["waits for its next attempt", () => Promise.resolve({ status: "failed", error: BUSY, result: null })],
];

test.each(endings)(
  "[store.park.between.cancel] a job that is cancelled and retried when its record %s, and the queue's entry not yet, leaves no entry",
  async (_, first) => {
    const installation = createInstallation();
    const api = installation.createApi();
    const park = vi.spyOn(JobQueues.prototype, "park");
    onTestFinished(() => park.mockRestore());
    const isPut = Promise.withResolvers<undefined>();
    park.mockImplementationOnce(async function (this: JobQueues, ...parameters) {
      expect((await api.cancel(TENANT, jobId))?.job.status).toBe("cancelled");
      expect((await api.retries.retry(TENANT, jobId, "journal"))?.outcome).toBe("reopened");
      park.mockRestore();
      await this.park(...parameters);
      isPut.resolve(undefined);
    });
    // Its new entry has to wait until the old one has been put away.
    startRunner(
      installation,
      async (execution) => (execution.attempt === 1 ? await first(execution) : CHAT_DONE),
      { concurrency: 1 },
    );
    const backoff = { type: "fixed", delay_ms: FAR_MS } as const;
    const jobId = await submitChat(installation, { ...CHAT_REQUEST, attempts: 2, backoff });
    await isPut.promise;
    await untilStatus(api, jobId, "completed");
    await queueEmpty(installation, "chat");
  },
);

test("[store.park.prompt] comes back at once when its approval was there before it was parked", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const parked: number[] = [];
  startRunner(installation, async ({ jobId, readPast, write }) => {
    if ((await readPast()).length > 0) {
      parked.push(performance.now());
      return CHAT_DONE;
    }
    await write([approvalRequested("c1")]);
    await approve(api, jobId);
    parked.push(performance.now());
    return forApproval();
  });
  const waits: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    await untilStatus(api, await submitChat(installation), "completed");
    const [left = 0, back = 0] = parked.splice(0);
    waits.push(back - left);
  }
  expect(Math.min(...waits)).toBeLessThan(200);
});

test("[store.park.crash] goes on when its worker dies between the record and the queue", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  expect(await takeAndDie(installation, "chat")).toBe(jobId);
  const run = await claimChat(installation, jobId);
  await run.write([approvalRequested("c1")]);
  await run.park("approval", Date.now() + FAR_MS, 60_000);
  const resumed = Promise.withResolvers<JobExecution>();
  startRunner(installation, async (execution) => {
    resumed.resolve(execution);
    const past = await execution.readPast();
    return past.some(({ type }) => type === "approval.resolved") ? CHAT_DONE : forApproval();
  });
  await resumed.promise;
  await untilStatus(api, jobId, "parked");
  expect(await approve(api, jobId)).toBe("decided");
  await untilStatus(api, jobId, "completed");
  expect(await eventTypes(api, jobId)).toEqual([
    "job.queued",
    "job.started",
    "approval.requested",
    "job.parked",
    "job.resumed",
    "job.parked",
    "approval.resolved",
    "job.resumed",
    "job.completed",
  ]);
  await queueEmpty(installation, "chat");
});

test("[store.park.drain] a worker that closes leaves its parked jobs to others", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const first = startRunner(installation, askOnce);
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "parked");
  await first.close(PATIENCE_MS);
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await approve(api, jobId);
  await untilStatus(api, jobId, "completed");
});
