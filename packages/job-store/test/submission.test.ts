import { setImmediate } from "node:timers/promises";
import { startRedisProcess } from "@millrace/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { DEFAULT_LIMITS } from "../src/admission/tenant-limits.ts";
import { createJobIds } from "../src/job-id.ts";
import { newRecordFields } from "../src/record.ts";
import { startPatience } from "../src/redis/patience.ts";
import { redisNowMs } from "../src/redis/redis-now.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { startRunner, untilStatus } from "./support/run-jobs.ts";
import { createWriter } from "./support/submission-writer.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const HOUR_MS = 3_600_000;
const DIFFERENCE_MS = 60_000;
const CUT_OFF = Date.now() - 120_000;

/** The api takes the note of a whole submission back a little later. */
async function noteTaken({ redis, keys }: Installation): Promise<void> {
  await vi.waitFor(async () => expect(await redis.exists(keys.submissions)).toBe(0), 20_000);
}

test("[store.submit] writes record, log, index and queue entry, and leaves no note", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const job = await installation.createApi().submit({ tenant: TENANT, request: REQUEST });
  expect(job).toMatchObject({ status: "queued", request: REQUEST, attempt: 1 });
  expect(await redis.llen(keys.log(job.id))).toBe(1);
  expect(await redis.zrange(keys.index(TENANT), "0", "-1")).toEqual([job.id]);
  expect(await redis.exists(`${keys.queuePrefix("tool")}:tool:${job.id}`)).toBe(1);
  await noteTaken(installation);
});

test("[store.record.compact] keeps the record in Redis' compact encoding", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { id } = await installation.createApi().submit({ tenant: "n".repeat(64), request: REQUEST });
  expect(await redis.object("ENCODING", keys.record(id))).toBe("listpack");
});

test("[store.sweep.submission] puts a job into its queue whose submission was cut off after the record", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
  await noteTaken(installation);
  // As if the process had died between the record and the queue.
  await redis.del(`${keys.queuePrefix("tool")}:tool:${id}`, `${keys.queuePrefix("tool")}:tool:prioritized`);
  await redis.zadd(keys.submissions, CUT_OFF, id);

  const worker = installation.createWorker();
  const started = Promise.withResolvers<string>();
  const runner = worker.createRunner({
    type: "tool",
    concurrency: 1,
    execute: ({ jobId, request }) => {
      started.resolve(jobId);
      expect(request).toEqual(REQUEST);
      return Promise.resolve({
        status: "failed",
        error: { code: "tool_error", message: "", retryable: false },
        result: null,
      });
    },
  });
  installation.onRelease(() => runner.close(1_000));
  runner.start();
  expect(await worker.createSweeper().sweep()).toBe(1);
  expect(await started.promise).toBe(id);
  expect(await redis.exists(keys.submissions)).toBe(0);
});

test("[store.sweep.twice] does not run a job twice when its queue entry was there all the same", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { id } = await installation.createApi().submit({ tenant: TENANT, request: REQUEST });
  await noteTaken(installation);
  await redis.zadd(keys.submissions, CUT_OFF, id);
  await installation.createWorker().createSweeper().sweep();
  expect(await redis.zcard(`${keys.queuePrefix("tool")}:tool:prioritized`)).toBe(1);
  expect(await redis.exists(keys.submissions)).toBe(0);
});

test("[store.sweep.nothing-written] deletes what a submission left that never wrote its record", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const [nothing, logOnly] = ["job_00000000000000000000000000", "job_00000000000000000000000001"];
  const late = "job_00000000000000000000000002";
  await redis.zadd(keys.submissions, CUT_OFF, nothing, CUT_OFF, logOnly, Date.now() - 10_000, late);
  for (const jobId of [logOnly, late]) await redis.rpush(keys.log(jobId), '{"type":"job.queued"}');
  expect(await installation.createWorker().createSweeper().sweep()).toBe(0);
  expect(await redis.exists(keys.log(logOnly))).toBe(0);
  // What is late may still come.
  expect(await redis.zrange(keys.submissions, "0", "-1")).toEqual([late]);
  expect(await redis.exists(keys.log(late))).toBe(1);
});

test("[store.sweep.index] takes entries out of the index whose jobs have expired, and no others", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id: young } = await api.submit({ tenant: TENANT, request: REQUEST });
  const expired = Array.from({ length: 700 }, (_, index) => `job_0${String(index).padStart(25, "0")}`);
  const [kept] = expired.splice(350, 1);
  // A job of a batch that is being written: it may be much younger than its id.
  const [noted = ""] = expired.splice(300, 1);
  await redis.zadd(keys.submissions, Date.now(), noted);
  const fields = newRecordFields({ tenant: TENANT, type: "tool", timeoutMs: 1, retentionSeconds: 1 });
  await redis.hset(keys.record(kept ?? ""), fields);
  for (const id of [...expired, noted, kept ?? ""]) await redis.zadd(keys.index(TENANT), 0, id);

  const sweeper = installation.createWorker().createSweeper();
  for (let pass = 0; pass < 4; pass += 1) await sweeper.sweep();
  expect(await redis.zrange(keys.index(TENANT), "0", "-1")).toEqual([noted, kept, young]);
});

test("[store.admission.usage.oldest] the age of a job counts from when it could be run first", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  // As a line of a batch that began an hour ago, and a job that was delayed or retried since.
  const jobId = createJobIds()(Date.now() - HOUR_MS);
  await api.submit({ tenant: TENANT, request: REQUEST, jobId });
  const { oldestAgeMs } = await api.usage.waiting("tool");
  expect(oldestAgeMs).toBeLessThan(HOUR_MS);
  const entry = `${keys.queuePrefix("tool")}:tool:${jobId}`;
  await redis.hset(entry, "timestamp", Date.now() - HOUR_MS);
  expect((await api.usage.waiting("tool")).oldestAgeMs).toBeGreaterThanOrEqual(HOUR_MS);
  // It has been started, and came back.
  await redis.hset(entry, "ats", 1);
  expect(await api.usage.waiting("tool")).toMatchObject({ count: 1, oldestAgeMs: null });
});

test("[store.submit.late] a submission that has waited for longer than its request does is refused, and not written", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis, keys } = installation;
  const { writer } = createWriter(installation, () => DEFAULT_LIMITS, { staleAfterMs: 300 });
  const newJobId = createJobIds();
  const [first, second, third] = [newJobId(Date.now()), newJobId(Date.now()), newJobId(Date.now())];
  const submit = (jobId: string) => writer.submit({ tenant: TENANT, request: REQUEST, jobId });
  await submit(first);
  await server.pause();
  const sent = submit(second);
  // Those that come now are written after it.
  await setImmediate();
  const late = submit(third);
  late.catch(() => undefined);
  // Counted as its own patience is, and begun later.
  await new Promise<void>((resolve) => void startPatience(400, resolve));
  server.resume();
  await sent;
  await expect(late).rejects.toThrow(StoreUnavailableError);
  expect(await redis.zrange(keys.index(TENANT), "0", "-1")).toEqual([first, second]);
  await writer.flush();
});

test.each([-DIFFERENCE_MS, DIFFERENCE_MS])(
  "[store.clock] goes by Redis' clock, on which times are judged, when this machine's differs by %d ms",
  async (differenceMs) => {
    const machine = Date.now.bind(Date);
    const difference = vi.spyOn(Date, "now").mockImplementation(() => machine() + differenceMs);
    onTestFinished(() => difference.mockRestore());
    const installation = createInstallation();
    const { redis, keys } = installation;
    const api = installation.createApi();
    const redisMs = await redisNowMs(redis);
    const request = { ...REQUEST, queue_timeout_ms: 10_000 };
    const [first, second] = [
      await api.submit({ tenant: TENANT, request }),
      await api.submit({ tenant: TENANT, request }),
    ];
    const deadline = Number(await redis.zscore(keys.queueDeadlines, second.id));
    await installation.createWorker().createSweeper().sweep();
    expect((await api.find(TENANT, first.id))?.job.status).toBe("queued");
    startRunner(installation, () => Promise.resolve({ status: "completed", result: RESULT }), {
      type: "tool",
      concurrency: 1,
    });
    for (const { id } of [first, second]) await untilStatus(api, id, "completed");
    const job = (await api.find(TENANT, second.id))?.job;
    const times = [second.created_at, job?.started_at, job?.finished_at].map((time) =>
      Date.parse(time ?? ""),
    );
    // As near as a slow answer lets it be measured.
    for (const time of times) expect(Math.abs(time - redisMs)).toBeLessThan(DIFFERENCE_MS / 2);
    expect(deadline).toBe(Number(times[0]) + 10_000);
  },
);
