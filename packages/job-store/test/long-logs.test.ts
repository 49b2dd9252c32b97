import type { JobStep } from "@millrace/contracts";
import { startTcpProxy } from "@millrace/testing";
import { expect, inject, onTestFinished, test } from "vitest";
import { scanEvents } from "../src/reading/scan-events.ts";
import type { Answer } from "../src/redis/answer.ts";
import { submitBatch } from "./support/batches.ts";
import {
  approvalRequested,
  CHAT_REQUEST,
  claimChat,
  submitChat,
  toolCalled,
  toolReturned,
  turnFinished,
} from "./support/chat-jobs.ts";
import { approve } from "./support/executors.ts";
import { untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

const LARGE = 1_024 * 1_024;
const CALLS = Array.from({ length: 12 }, (_, index) => `c${index + 1}`);
/** So much may be read of a log that has more than 12 MiB. */
const LITTLE = 64 * 1_024;

/** Writes large results of calls, and parks the job for the approval of one more, which is asked for in their midst. */
async function parkBehindResults(installation: Installation, jobId: string): Promise<void> {
  const run = await claimChat(installation, jobId);
  await run.write([turnFinished(1, ...CALLS), ...CALLS.map(toolCalled)]);
  for (const [index, id] of CALLS.entries()) {
    if (index === CALLS.length / 2) await run.write([approvalRequested("asking")]);
    await run.write([toolReturned(id, "x".repeat(LARGE))]);
  }
  await run.park("approval", Date.now() + 600_000, 1_000);
}

/** An api of the same installation, and what Redis has sent it. */
async function createCountedApi({ keyPrefix }: Installation) {
  const { hostname: host, port } = new URL(inject("redisUrl"));
  const proxy = await startTcpProxy({ host, port: Number(port) });
  onTestFinished(() => proxy.close());
  const api = createInstallation(`redis://127.0.0.1:${proxy.port}`, keyPrefix).createApi();
  await api.ping();
  return { api, bytesSent: () => proxy.bytesSent };
}

type Returned = Extract<JobStep, { type: "tool.returned" }>;

const named = (id: string) => ({ tool_call_id: id, tool: "fixture__echo" });

test("[store.approval.long] a decision reads little of a log with large results", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  await parkBehindResults(installation, jobId);
  const { api, bytesSent } = await createCountedApi(installation);
  expect(await approve(api, jobId, "asking")).toBe("decided");
  expect(bytesSent()).toBeLessThan(LITTLE);
  const last = await installation.redis.lindex(installation.keys.log(jobId), -1);
  expect(JSON.parse(last ?? "")).toMatchObject({ type: "approval.resolved", ...named("asking") });
});

test("[store.cancel.long] a cancel tells what a parked job has done, and reads none of its results", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  await parkBehindResults(installation, jobId);
  const { api, bytesSent } = await createCountedApi(installation);
  expect(await api.cancel(TENANT, jobId)).toMatchObject({
    job: {
      status: "cancelled",
      cancellation: { completed: CALLS.map(named), ignored: [] },
      usage: { turns: 1, tool_calls: CALLS.length, input_tokens: 10 },
    },
  });
  expect(bytesSent()).toBeLessThan(LITTLE);
});

test("[store.cancel.long.batch] a batch's cancel reads no results of its parked jobs", async () => {
  const installation = createInstallation();
  const { api, bytesSent } = await createCountedApi(installation);
  const batchId = await submitBatch(api, 2, CHAT_REQUEST);
  const { jobs } = await api.list(TENANT, { batchId, limit: 10 });
  for (const { id } of jobs) await parkBehindResults(installation, id);
  await api.batches.cancel(TENANT, batchId);
  // Whoever looks again and again is not counted.
  const observer = installation.createApi();
  for (const { id } of jobs) {
    await untilStatus(observer, id, "cancelled");
    expect((await api.find(TENANT, id))?.job.usage?.tool_calls).toBe(CALLS.length);
  }
  expect(bytesSent()).toBeLessThan(LITTLE);
});

test("[store.cancel.anew] a cancel tells nothing of what a job had done before it was begun anew", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write([turnFinished(1, "old"), toolCalled("old"), toolReturned("old", "hello")]);
  await run.finish({
    status: "failed",
    error: { code: "timeout", message: "", retryable: true },
    result: null,
  });
  await api.retries.retry(TENANT, jobId, "start");
  const again = await claimChat(installation, jobId, 1, CHAT_REQUEST, { generation: 1 });
  await again.write([turnFinished(1, "new"), toolCalled("new"), approvalRequested("asking")]);
  await again.park("approval", Date.now() + 600_000, 1_000);
  expect(await api.cancel(TENANT, jobId)).toMatchObject({
    job: { cancellation: { completed: [], ignored: [named("new")] }, usage: { turns: 1, tool_calls: 1 } },
  });
});

test("[store.scan.names] a call is found by its whole id, however long, and wherever it stands in its event", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  const [long, longer] = [`é${"x".repeat(3_000)}`, `é${"x".repeat(3_001)}`];
  const { type, tool_call_id, tool, ...rest } = toolReturned("late", "x".repeat(LARGE)) as Returned;
  await run.write([turnFinished(1), toolCalled("late"), { type, ...rest, tool_call_id, tool }]);
  await run.write([approvalRequested(long), approvalRequested(longer), approvalRequested("asking")]);
  await run.park("approval", Date.now() + 600_000, 1_000);
  for (const id of [long, longer]) {
    expect(await approve(api, jobId, id)).toBe("decided");
    const last = await installation.redis.lindex(installation.keys.log(jobId), -1);
    expect(JSON.parse(last ?? "")).toMatchObject({ tool_call_id: id, tool: "fixture__echo" });
  }
  expect((await api.cancel(TENANT, jobId))?.job.cancellation?.completed).toEqual([{ tool_call_id, tool }]);
});

test("[store.scan.parts] Redis looks at a few megabytes of a long log in one go", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  await parkBehindResults(installation, jobId);
  let parts = 0;
  const answer: Answer = async (commands) => {
    parts += 1;
    return await commands();
  };
  const wanted = { "tool.returned": ["tool_call_id"] } as const;
  for (const newestFirst of [false, true]) {
    parts = 0;
    const found: string[] = [];
    const options = { wanted, newestFirst, answer };
    for await (const event of scanEvents<Returned>(redis, keys.log(jobId), options))
      found.push(event.tool_call_id);
    expect(found).toEqual(newestFirst ? CALLS.toReversed() : CALLS);
    // Of the 12 MiB, at most 4 and the event that goes beyond them.
    expect(parts).toBeGreaterThanOrEqual(3);
  }
});
