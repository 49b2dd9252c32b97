import { startRedisProcess } from "@millrace/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { DEFAULT_LIMITS, QueueFullError } from "../src/admission/tenant-limits.ts";
import { batchJobId } from "../src/batches/batch-id.ts";
import { createJobIds } from "../src/job-id.ts";
import type { JobStore } from "../src/job-store.ts";
import type { NewJob } from "../src/submission/submission.ts";
import { findBatch, openBatch, sweepBatch, uploadLines } from "./support/batches.ts";
import { CHAT_DONE, CHAT_REQUEST } from "./support/chat-jobs.ts";
import { FAR_MS } from "./support/executors.ts";
import { lineState, submitMany } from "./support/line-state.ts";
import { PATIENCE_MS, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createWriter } from "./support/submission-writer.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

/*
 * Redis refuses single commands of a pipeline and takes those after them: it runs out of memory in the middle of it, for
 * instance. Here a key of the wrong type makes it refuse.
 */
const WRONG = "not what Redis expects here";

const DONE = { status: "completed", result: RESULT } as const;
const KEY = "order-7";
const CUT_OFF = Date.now() - 120_000;
const DELAYED = { ...REQUEST, delay_ms: 1 };

const oneAtMost = () => ({ ...DEFAULT_LIMITS, maxQueued: 1 });
const newJobId = createJobIds();

async function refuse({ redis, onRelease }: Installation, ...names: string[]): Promise<() => Promise<void>> {
  for (const name of names) await redis.set(name, WRONG);
  const allow = async (): Promise<void> => void (await redis.del(...names));
  onRelease(allow);
  return allow;
}

/** Two that are written together, and of which Redis refuses the first one's log. */
async function submitTwo(installation: Installation, api: JobStore, request: NewJob["request"]) {
  const { keys } = installation;
  const [first, second] = [newJobId(Date.now()), newJobId(Date.now())];
  await refuse(installation, keys.log(first));
  const submitted = Promise.allSettled(
    [first, second].map((jobId) => api.submit({ tenant: TENANT, request, jobId })),
  );
  return { second, outcomes: await submitted };
}

test.each([
  ["is delayed", DELAYED, DEFAULT_LIMITS],
  ["has to ask its line", REQUEST, { ...DEFAULT_LIMITS, maxRunning: 5 }],
])(
  "[store.submit.beside] a job that %s ends although Redis refused one that was written with it",
  async (_, request, limits) => {
    const installation = createInstallation();
    const api = installation.createApi(600, () => limits);
    const { second, outcomes } = await submitTwo(installation, api, request);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
    await untilStatus(api, second, "completed");
  },
);

test("[store.submit.beside] a job is refused at its key's cap although Redis refused one that was written with it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, oneAtMost);
  await submitMany(api, 1);
  const { second, outcomes } = await submitTwo(installation, api, REQUEST);
  expect(outcomes[1]).toMatchObject({ status: "rejected", reason: expect.any(QueueFullError) });
  expect(await redis.exists(keys.record(second), keys.log(second))).toBe(0);
  expect(await redis.zscore(keys.index(TENANT), second)).toBeNull();
});

async function takeKey(api: JobStore, request = REQUEST) {
  const taken = await api.keyed.take({ tenant: TENANT, request }, KEY);
  if (!("newJob" in taken)) throw new Error("the key was taken");
  return { newJob: taken.newJob, jobId: taken.newJob.jobId ?? "" };
}

test("[store.submit.unnoted] a job whose note Redis refuses is let in, or nothing of it is left", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, oneAtMost);
  const allow = await refuse(installation, keys.submissions);
  const { newJob, jobId } = await takeKey(api, DELAYED);
  await expect(api.submit(newJob)).rejects.toThrow("WRONGTYPE");
  // The key is at its cap now.
  const over = newJobId(Date.now());
  await expect(api.submit({ tenant: TENANT, request: REQUEST, jobId: over })).rejects.toThrow("WRONGTYPE");
  expect(await redis.exists(keys.record(over), keys.log(over))).toBe(0);
  await allow();
  expect((await api.keyed.find(TENANT, KEY, DELAYED))?.job.id).toBe(jobId);
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await untilStatus(api, jobId, "completed");
});

/** As if it had been written long ago. */
async function ageNotes({ redis, keys }: Installation, jobIds: readonly string[]): Promise<void> {
  for (const id of jobIds) expect(await redis.zadd(keys.submissions, "XX", "CH", CUT_OFF, id)).toBe(1);
}

test("[store.submit.unnoted] what a refused submission has left is noted later, and the sweeper's", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { writer, queues } = createWriter(installation, () => DEFAULT_LIMITS);
  const allow = await refuse(installation, keys.submissions, keys.line("tool", TENANT).admitted);
  const open = vi.spyOn(queues, "pipeline");
  const [first, second] = [queues.pipeline(), queues.pipeline()];
  const note = second.exec.bind(second);
  second.exec = async () => {
    await allow();
    return await note();
  };
  open.mockReturnValueOnce(first).mockReturnValueOnce(second);
  const { newJob, jobId } = await takeKey(api);
  await expect(writer.submit({ ...newJob, jobId })).rejects.toThrow("WRONGTYPE");
  await ageNotes(installation, [jobId]);
  expect(await installation.createWorker().createSweeper().sweep()).toBe(1);
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await untilStatus(api, jobId, "completed");
  expect(await redis.exists(keys.submissions)).toBe(0);
});

test("[store.idempotency.unnoted] a repeat is told of no job that stands in no line and has no note", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const allow = await refuse(installation, keys.submissions, keys.line("tool", TENANT).admitted);
  const { newJob, jobId } = await takeKey(api);
  await expect(api.submit(newJob)).rejects.toThrow("WRONGTYPE");
  await allow();
  // As if its mark had been refused as well.
  await redis.set(newJob.mark?.key ?? "", newJob.mark?.value.replace("written", jobId) ?? "", "KEEPTTL");
  expect((await api.keyed.find(TENANT, KEY, REQUEST))?.job).toMatchObject({ id: jobId, status: "queued" });
  expect(await redis.get(newJob.mark?.key ?? "")).toBe(newJob.mark?.value);
  await ageNotes(installation, [jobId]);
  await installation.createWorker().createSweeper().sweep();
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await untilStatus(api, jobId, "completed");
});

test("[store.idempotency.unwritten] a repeat writes the job whose log Redis has refused, and not the mark of its key", async () => {
  const installation = createInstallation();
  const { keys } = installation;
  const api = installation.createApi();
  // From now on its line need not be asked.
  await submitMany(api, 1);
  const { newJob, jobId } = await takeKey(api);
  const allow = await refuse(installation, keys.log(jobId));
  await expect(api.submit(newJob)).rejects.toThrow("WRONGTYPE");
  await allow();
  const again = await api.keyed.take({ tenant: TENANT, request: REQUEST }, KEY);
  expect(again).toMatchObject({ repeated: { job: { id: jobId, status: "queued" } } });
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await untilStatus(api, jobId, "completed");
});

test("[store.idempotency.unwritten.lost] a repeat writes the job whose log Redis has refused, although nothing more was heard of who wrote it", async () => {
  const installation = createInstallation();
  const { keys } = installation;
  const api = installation.createApi();
  const { writer, queues } = createWriter(installation, () => DEFAULT_LIMITS);
  // From now on its line need not be asked.
  await writer.submit({ tenant: TENANT, request: REQUEST, jobId: newJobId(Date.now()) });
  const { newJob, jobId } = await takeKey(api);
  const allow = await refuse(installation, keys.log(jobId));
  const [first, lost] = [queues.pipeline(), queues.pipeline()];
  lost.exec = () => Promise.reject(new Error("Connection is closed."));
  const open = vi.spyOn(queues, "pipeline").mockReturnValueOnce(first).mockReturnValue(lost);
  await expect(writer.submit({ ...newJob, jobId })).rejects.toThrow("WRONGTYPE");
  open.mockRestore();
  await allow();
  const again = await api.keyed.take({ tenant: TENANT, request: REQUEST }, KEY);
  expect(again).toMatchObject({ repeated: { job: { id: jobId, status: "queued" } } });
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await untilStatus(api, jobId, "completed");
});

test("[store.idempotency.memory] a job under a key of which a full Redis refuses a part is not written at all", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { newJob, jobId } = await takeKey(api);
  await redis.config("SET", "maxmemory", "1");
  await expect(api.submit(newJob)).rejects.toThrow("Redis has no memory left");
  await redis.config("SET", "maxmemory", "0");
  expect(await redis.exists(keys.record(jobId), keys.log(jobId))).toBe(0);
  // What a crash has left of it before does not matter.
  await redis.rpush(keys.log(jobId), "{}");
  await api.submit(newJob);
  expect(await redis.llen(keys.log(jobId))).toBe(1);
  expect((await api.find(TENANT, jobId))?.job.request).toEqual(REQUEST);
});

test("[store.batch.sweep.unnoted] the jobs of lines that were never let in are let in before their batch counts on them", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const upload = await openBatch(store);
  const { batchId } = upload;
  const allow = await refuse(installation, keys.submissions, keys.line("tool", TENANT).admitted);
  await upload.write(uploadLines(2));
  await expect(upload.close("complete")).rejects.toThrow("WRONGTYPE");
  await allow();
  expect(await redis.get(keys.batch(batchId).states)).toBe("ww");
  await sweepBatch(installation, batchId);
  expect(await redis.get(keys.batch(batchId).states)).toBe("qq");
  await ageNotes(
    installation,
    [1, 2].map((line) => batchJobId(batchId, line)),
  );
  await sweepBatch(installation, batchId);
  startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
  await vi.waitFor(
    async () => expect((await findBatch(store, batchId)).counts).toMatchObject({ completed: 2 }),
    PATIENCE_MS,
  );
});

test("[store.cut.paused] a job that is parked takes no place of its line, although that was not told", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 1 }));
  const { admitted } = keys.line("chat", TENANT);
  const aside = `${admitted}:aside`;
  const [first = "", second = ""] = await submitMany(api, 2, { request: CHAT_REQUEST });
  startRunner(installation, async ({ jobId }) => {
    if (jobId !== first) return CHAT_DONE;
    // The line cannot be told.
    await redis.rename(admitted, aside);
    await redis.set(admitted, WRONG);
    return { status: "parked", reason: "cool_down", until: Date.now() + FAR_MS };
  });
  const delayed = `${keys.queuePrefix("chat")}:chat:delayed`;
  await vi.waitFor(async () => expect(await redis.zscore(delayed, first)).not.toBeNull(), PATIENCE_MS);
  await redis.rename(aside, admitted);
  expect(await lineState(installation, "chat")).toMatchObject({ admitted: [first], line: [second] });
  await installation.createWorker().createSweeper().sweep();
  await untilStatus(api, second, "completed");
  expect((await api.find(TENANT, first))?.job.status).toBe("parked");
});
