import { once } from "node:events";
import { jobError, type Cancellation, type JobErrorCode, type ToolJobRequest } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { failCrashLoop } from "../src/run/crash-loop.ts";
import type { ExecutionResult } from "../src/run/job-execution.ts";
import { FAR_MS, forApproval, NOTHING } from "./support/executors.ts";
import { eventTypes, startRunner, untilStatus } from "./support/run-jobs.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const CALL = { tool_call_id: "call_1", tool: "fixture__echo" };
const COMPLETED: Cancellation = { ...NOTHING, completed: [CALL] };
const IGNORED: Cancellation = { ...NOTHING, ignored: [CALL] };

const RETRIED: ToolJobRequest = { ...REQUEST, attempts: 2, backoff: { type: "fixed", delay_ms: 60_000 } };

const failedWith = (code: JobErrorCode): Extract<ExecutionResult, { status: "failed" }> => ({
  status: "failed",
  error: jobError(code, ""),
  result: null,
});

async function submitTool(installation: Installation, request = REQUEST): Promise<string> {
  return (await installation.createApi().submit({ tenant: TENANT, request })).id;
}

test("[store.cancel.tool] a tool job whose cancel came before its outcome could be written says what its call had done", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const results: [told: Cancellation, result: ExecutionResult][] = [
    [COMPLETED, { status: "completed", result: RESULT, cancellation: COMPLETED }],
    [IGNORED, { ...failedWith("tool_timeout"), mustNotRepeat: true, cancellation: IGNORED }],
    [NOTHING, { ...failedWith("unknown_server"), cancellation: NOTHING }],
    [IGNORED, { ...failedWith("server_unavailable"), cancellation: IGNORED }],
    [NOTHING, forApproval()],
    // Its executor has broken down: nobody knows.
    [IGNORED, failedWith("internal_error")],
  ];
  const left = results.map(([, result]) => result);
  startRunner(
    installation,
    async ({ signal }) => {
      const result = left.shift() ?? expect.fail("one start too many");
      await once(signal, "abort");
      return result;
    },
    { type: "tool", concurrency: 1 },
  );
  for (const [cancellation] of results) {
    const jobId = await submitTool(installation, RETRIED);
    await untilStatus(api, jobId, "running");
    await api.cancel(TENANT, jobId);
    await untilStatus(api, jobId, "cancelled");
    expect((await api.find(TENANT, jobId))?.job).toMatchObject({ result: null, cancellation });
  }
});

test("[store.cancel.tool.attempt] a tool job that is cancelled between two attempts says whether the first had made its call", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const results: [told: Cancellation, result: ExecutionResult][] = [
    [IGNORED, { ...failedWith("server_unavailable"), cancellation: IGNORED }],
    [NOTHING, { ...failedWith("server_unavailable"), cancellation: NOTHING }],
  ];
  const left = results.map(([, result]) => result);
  startRunner(installation, () => Promise.resolve(left.shift() ?? expect.fail("one start too many")), {
    type: "tool",
    concurrency: 1,
  });
  for (const [cancellation] of results) {
    const jobId = await submitTool(installation, RETRIED);
    await vi.waitFor(async () => expect(await eventTypes(api, jobId)).toContain("job.retrying"), 20_000);
    const answer = await api.cancel(TENANT, jobId);
    expect(answer?.job).toMatchObject({ status: "cancelled", cancellation });
  }
});

test("[store.cancel.tool.parked] a tool job that is cancelled while it waits for its approval has made no call", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startRunner(installation, () => Promise.resolve(forApproval()), { type: "tool" });
  const jobId = await submitTool(installation);
  await untilStatus(api, jobId, "parked");
  const answer = await api.cancel(TENANT, jobId);
  expect(answer?.job).toMatchObject({ status: "cancelled", cancellation: NOTHING });
});

test("[store.cancel.tool.reopened] a tool job that is cancelled before it has been started anew has made no call since", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const runner = startRunner(installation, () => Promise.resolve(failedWith("tool_error")), { type: "tool" });
  const jobId = await submitTool(installation);
  await untilStatus(api, jobId, "failed");
  await runner.close(0);
  await api.retries.retry(TENANT, jobId, "start");
  const answer = await api.cancel(TENANT, jobId);
  expect(answer?.job).toMatchObject({ status: "cancelled", attempt: 2, cancellation: NOTHING });
});

test("[store.crash_loop.cancel.tool] a cancelled tool job whose workers died again and again names the call that they may have made", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const end = async (idle: object): Promise<unknown> => {
    const jobId = await submitTool(installation, { ...REQUEST, delay_ms: FAR_MS });
    await redis.hset(keys.record(jobId), { status: "running", run: "7", worker_id: "dead", ...idle });
    await api.cancel(TENANT, jobId);
    await failCrashLoop(jobId, { redis, keys, clock: systemClock, maxCrashes: 1 });
    return (await api.find(TENANT, jobId))?.job;
  };
  expect(await end({})).toMatchObject({ status: "cancelled", cancellation: IGNORED });
  expect(await end({ idle_run: "7" })).toMatchObject({ status: "cancelled", cancellation: NOTHING });
});
