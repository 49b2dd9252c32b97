import { expect, test, vi } from "vitest";
import { JobCancelled } from "../src/run/abort-reasons.ts";
import type { JobStore } from "../src/job-store.ts";
import { waitForEnd } from "../src/reading/wait-for-end.ts";
import {
  approvalRequested,
  CHAT_DONE,
  CHAT_REQUEST,
  claimChat,
  submitChat,
  toolCalled,
  toolReturned,
  turnFinished,
} from "./support/chat-jobs.ts";
import { NOTHING, STOPPED, untilStopped } from "./support/executors.ts";
import { never, PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

async function statusOf(store: JobStore, jobId: string): Promise<string | undefined> {
  return (await store.find(TENANT, jobId))?.job.status;
}

/** A job that has run one call and waits for the approval of another. */
async function parkedJob(installation: Installation): Promise<string> {
  const jobId = await submitChat(installation);
  startRunner(installation, async ({ write }) => {
    await write([turnFinished(1, "c1", "c2"), toolCalled("c1"), approvalRequested("c2")]);
    await write([toolReturned("c1", "hello")]);
    return { status: "parked", reason: "approval", until: Date.now() + 600_000 };
  });
  await untilStatus(installation.createApi(), jobId, "parked");
  return jobId;
}

test("[store.cancel.queued] ends a queued or delayed job at once, from any process, and nothing of it stays queued", async () => {
  const installation = createInstallation();
  const [submitter, canceller] = [installation.createApi(), installation.createApi()];
  for (const request of [CHAT_REQUEST, { ...CHAT_REQUEST, delay_ms: 600_000 }]) {
    const { job, follower } = await submitter.submitAndFollow({ tenant: TENANT, request });
    using following = follower;
    const answer = await canceller.cancel(TENANT, job.id);
    expect(answer).toMatchObject({ requested: true, job: { status: "cancelled", cancellation: NOTHING } });
    expect(await waitForEnd(following, never, PATIENCE_MS)).toEqual(answer?.job);
    expect(answer?.job).toEqual((await submitter.find(TENANT, job.id))?.job);
    expect(await installation.redis.ttl(installation.keys.record(job.id))).toBeGreaterThan(0);
  }
  await queueEmpty(installation, "chat");
});

test("[store.cancel.wait] is heard by the request that waits for the job", async () => {
  const installation = createInstallation();
  const [submitter, canceller] = [installation.createApi(), installation.createApi()];
  const waiting = submitter.submitAndWait(
    { tenant: TENANT, request: CHAT_REQUEST },
    { waitMs: PATIENCE_MS, signal: never },
  );
  const jobId = await vi.waitFor(async () => {
    const [job] = (await canceller.list(TENANT, { limit: 1 })).jobs;
    return job?.id ?? expect.fail("not submitted yet");
  }, 20_000);
  await canceller.cancel(TENANT, jobId);
  expect(await waiting).toMatchObject({ ended: true, job: { id: jobId, status: "cancelled" } });
});

test("[store.cancel.parked] ends a parked job, tells what it had done, and nothing of it stays queued", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await parkedJob(installation);
  const answer = await api.cancel(TENANT, jobId);
  expect(answer).toMatchObject({
    requested: true,
    job: {
      status: "cancelled",
      cancellation: { ...NOTHING, completed: [{ tool_call_id: "c1", tool: "fixture__echo" }] },
      usage: { turns: 1, tool_calls: 1, input_tokens: 10 },
    },
  });
  expect(answer?.job.started_at).not.toBeNull();
  await queueEmpty(installation, "chat");

  const cooling = await submitChat(installation);
  const run = await claimChat(installation, cooling);
  await run.park("cool_down", Date.now() + 600_000, 1_000);
  expect(await api.cancel(TENANT, cooling)).toMatchObject({ requested: true, job: { status: "cancelled" } });
});

test("[store.cancel.running] stops a job on its worker, and the terminal event tells what was stopped", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const reasons: unknown[] = [];
  startRunner(installation, async (execution) => {
    const result = await untilStopped(execution);
    reasons.push(execution.signal.reason);
    return result;
  });
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "running");
  expect(await api.cancel(TENANT, jobId)).toMatchObject({ requested: true, job: { status: "running" } });
  await untilStatus(api, jobId, "cancelled");
  expect(reasons).toEqual([expect.any(JobCancelled)]);
  expect((await api.find(TENANT, jobId))?.job).toMatchObject({ cancellation: STOPPED, error: null });
  await queueEmpty(installation, "chat");
});

test("[store.cancel.lost] stops a running job although the message to its worker is lost", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startRunner(installation, untilStopped);
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "running");
  // What the cancel writes, without what it tells.
  await installation.redis.hset(installation.keys.record(jobId), "cancel_requested", "1");
  await untilStatus(api, jobId, "cancelled");
});

test("[store.cancel.late-message] a message that comes when its job has been retried since stops nothing", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const [jobId, other] = [await submitChat(installation), await submitChat(installation)];
  const go = Promise.withResolvers<void>();
  startRunner(installation, async (execution) => {
    if (execution.jobId === other) return await untilStopped(execution);
    await go.promise;
    return execution.signal.aborted ? { status: "stopped", cancellation: STOPPED } : CHAT_DONE;
  });
  for (const id of [jobId, other]) await untilStatus(api, id, "running");
  await installation.untilListening(1);
  // As of a cancel that the job has had before its retry.
  await redis.publish(keys.control, `cancel ${jobId}`);
  // What comes later is heard later.
  await api.cancel(TENANT, other);
  await untilStatus(api, other, "cancelled");
  go.resolve();
  await untilStatus(api, jobId, "completed");
});

test("[store.cancel.ended] changes nothing of a job that has ended", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "completed");
  const before = (await api.find(TENANT, jobId))?.job;
  expect(await api.cancel(TENANT, jobId)).toEqual({ requested: false, job: before });
  expect((await api.find(TENANT, jobId))?.job).toEqual(before);
});

test("[store.cancel.tenant] does not know another tenant's job, nor what is no job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  expect(await api.cancel("bob", jobId)).toBeNull();
  expect(await api.cancel(TENANT, "index")).toBeNull();
  expect(await statusOf(api, jobId)).toBe("queued");
});
