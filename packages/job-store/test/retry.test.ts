import type { JobError } from "@millrace/contracts";
import { expect, onTestFinished, test, vi } from "vitest";
import { Admission } from "../src/admission/admission.ts";
import type { ExecutionResult } from "../src/run/job-execution.ts";
import { entryId } from "../src/queue-entry.ts";
import type { JobStore } from "../src/job-store.ts";
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
import { noteTaken } from "./support/line-state.ts";
import {
  PATIENCE_MS,
  eventTypes,
  never,
  queueEmpty,
  startRunner,
  takeAndDie,
  untilStatus,
} from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

const PERMANENT: JobError = { code: "tool_error", message: "no", retryable: false };
const PASSING: JobError = { code: "provider_unavailable", message: "busy", retryable: true };
const failed = (error: JobError): ExecutionResult => ({ status: "failed", error, result: null });

/** A chat job that has failed after one turn with a tool call. */
async function failedChat(installation: Installation): Promise<{ api: JobStore; jobId: string }> {
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write([turnFinished(1, "c1"), toolCalled("c1"), toolReturned("c1", "found")]);
  await run.finish({ status: "failed", error: PASSING, result: null });
  return { api: installation.createApi(), jobId };
}

test("[store.retry.journal] a failed job goes on with the steps that it has, as a new attempt", async () => {
  const installation = createInstallation();
  const { api, jobId } = await failedChat(installation);
  const answer = await api.retries.retry(TENANT, jobId, "journal");
  expect(answer).toMatchObject({
    outcome: "reopened",
    job: { status: "queued", attempt: 2, error: null, started_at: null, finished_at: null, worker_id: null },
  });
  expect((await api.list(TENANT, { status: "queued", limit: 10 })).jobs.map(({ id }) => id)).toEqual([jobId]);
  let past: string[] = [];
  startRunner(installation, async ({ readPast, attempt }) => {
    expect(attempt).toBe(2);
    past = (await readPast()).map(({ type }) => type);
    return CHAT_DONE;
  });
  await noteTaken(installation);
  await untilStatus(api, jobId, "completed");
  expect(past).toContain("turn.finished");
  expect(past).toContain("tool.returned");
  const events = await api.readLog(jobId, 0, 100);
  expect(events.map(({ type }) => type).slice(-4)).toEqual([
    "job.failed",
    "job.reopened",
    "job.started",
    "job.completed",
  ]);
  expect(events.slice(-3).map(({ json }) => (JSON.parse(json) as { attempt: number }).attempt)).toEqual([
    2, 2, 2,
  ]);
  expect(events.filter(({ terminal }) => terminal)).toHaveLength(1);
  expect(await installation.redis.ttl(installation.keys.record(jobId))).toBeGreaterThan(0);
  await queueEmpty(installation, "chat");
});

test("[store.retry.start] a job that begins anew sees nothing of its earlier steps, nor of its approvals", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write([turnFinished(1, "c1"), approvalRequested("c1")]);
  await run.finish({
    status: "cancelled",
    cancellation: { completed: [], stopped: [], ignored: [], model_stopped: false },
  });
  const api = installation.createApi();
  await api.retries.retry(TENANT, jobId, "start");
  expect(await redis.hexists(keys.record(jobId), "approval:c1")).toBe(0);
  let past: string[] = [];
  startRunner(installation, async ({ readPast }) => {
    past = (await readPast()).map(({ type }) => type);
    return CHAT_DONE;
  });
  await untilStatus(api, jobId, "completed");
  expect(past).toEqual(["job.reopened"]);
});

test("[store.retry.refused] only a failed or cancelled job is reopened, once, and only by its tenant", async () => {
  const installation = createInstallation();
  const { api, jobId } = await failedChat(installation);
  expect(await api.retries.retry("bob", jobId, "journal")).toBeNull();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => api.retries.retry(TENANT, jobId, "journal")),
  );
  expect(answers.filter((answer) => answer?.outcome === "reopened")).toHaveLength(1);
  expect(await api.retries.retry(TENANT, jobId, "journal")).toMatchObject({
    outcome: "refused",
    job: { status: "queued" },
  });
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await untilStatus(api, jobId, "completed");
  expect(await api.retries.retry(TENANT, jobId, "start")).toMatchObject({
    outcome: "refused",
    job: { status: "completed" },
  });
});

test("[store.retry.follow] a reader at the old end gets what comes after it, and one from the start does not stop there", async () => {
  const installation = createInstallation();
  const { api, jobId } = await failedChat(installation);
  const { length } = (await api.logHead(TENANT, jobId)) ?? { length: 0 };
  await api.retries.retry(TENANT, jobId, "journal");
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  using late = api.follow(jobId, length);
  const seen: string[] = [];
  for (let ended = false; !ended;) {
    const events = await late.next(never, PATIENCE_MS);
    seen.push(...events.map(({ type }) => type));
    ended = events.at(-1)?.terminal ?? true;
  }
  expect(seen).toEqual(["job.reopened", "job.started", "job.completed"]);
  // A page that ends at the first terminal event is not the end.
  expect((await api.readLog(jobId, 0, length)).at(-1)).toMatchObject({ type: "job.failed", terminal: false });
});

test("[store.retry.busy] a retry works while the queue still holds the entry of the attempt that ended", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  expect(await takeAndDie(installation, "chat")).toBe(jobId);
  await (await claimChat(installation, jobId)).finish({ status: "failed", error: PASSING, result: null });
  await api.retries.retry(TENANT, jobId, "journal");
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  await untilStatus(api, jobId, "completed");
  await queueEmpty(installation, "chat");
  expect((await eventTypes(api, jobId)).filter((type) => type === "job.completed")).toHaveLength(1);
});

test("[store.retry.cut] the sweeper puts a job into its queue whose retry was cut off after the record", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { api, jobId } = await failedChat(installation);
  // As if the api had died between the record and the queue, a while ago.
  const enter = vi.spyOn(Admission.prototype, "enter").mockRejectedValueOnce(new Error("it dies"));
  onTestFinished(() => enter.mockRestore());
  await expect(api.retries.retry(TENANT, jobId, "journal")).rejects.toThrow("it dies");
  const note = entryId({ jobId, generation: 1 });
  expect(await redis.zadd(keys.submissions, "XX", "CH", Date.now() - 10_000, note)).toBe(1);
  startRunner(installation, () => Promise.resolve(CHAT_DONE));
  expect(await installation.createWorker().createSweeper().sweep()).toBe(1);
  await untilStatus(api, jobId, "completed");
  expect((await api.find(TENANT, jobId))?.job.attempt).toBe(2);
});

test("[store.attempts] a job whose error is retryable is tried again after its backoff, and fails when none is left", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const request = {
    ...CHAT_REQUEST,
    attempts: 3,
    backoff: { type: "fixed", delay_ms: 20 },
    queue_timeout_ms: 60_000,
  } as const;
  const seen: number[] = [];
  startRunner(installation, ({ attempt }) => {
    seen.push(attempt);
    return Promise.resolve(failed(PASSING));
  });
  const jobId = await submitChat(installation, request);
  await untilStatus(api, jobId, "failed");
  expect(seen).toEqual([1, 2, 3]);
  expect(await eventTypes(api, jobId)).toEqual([
    "job.queued",
    "job.started",
    "job.retrying",
    "job.started",
    "job.retrying",
    "job.started",
    "job.failed",
  ]);
  const [, , retrying] = (await api.readLog(jobId, 0, 10)).map(({ json }) => JSON.parse(json) as object);
  expect(retrying).toMatchObject({ attempt: 2, delay_ms: 20, error: PASSING });
  // A manual retry has attempts of its own.
  seen.length = 0;
  await api.retries.retry(TENANT, jobId, "journal");
  await untilStatus(api, jobId, "failed");
  expect(seen).toEqual([4, 5, 6]);
  await queueEmpty(installation, "chat");
});

test("[store.attempts.wait] a job that waits for its next attempt is queued, and can be cancelled", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const request = { ...CHAT_REQUEST, attempts: 2, backoff: { type: "fixed", delay_ms: 600_000 } } as const;
  startRunner(installation, () => Promise.resolve(failed(PASSING)));
  const jobId = await submitChat(installation, request);
  await vi.waitFor(async () => expect(await eventTypes(api, jobId)).toContain("job.retrying"), PATIENCE_MS);
  expect((await api.find(TENANT, jobId))?.job).toMatchObject({ status: "queued", attempt: 2 });
  expect(await api.cancel(TENANT, jobId)).toMatchObject({ job: { status: "cancelled" }, requested: true });
  await queueEmpty(installation, "chat");
});

test("[store.attempts.refused] an error that is not retryable, and a call that may have happened, end the job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const endings = [failed(PERMANENT), { ...failed(PASSING), mustNotRepeat: true } as ExecutionResult];
  startRunner(installation, () => Promise.resolve(endings.shift() ?? CHAT_DONE));
  for (let index = 0; index < 2; index += 1) {
    const jobId = await submitChat(installation, { ...CHAT_REQUEST, attempts: 5 });
    await untilStatus(api, jobId, "failed");
    expect(await eventTypes(api, jobId)).toEqual(["job.queued", "job.started", "job.failed"]);
  }
});
