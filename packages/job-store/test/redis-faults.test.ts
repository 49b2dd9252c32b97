import { setTimeout as delay } from "node:timers/promises";
import type { JobEvent } from "@millrace/contracts";
import { startRedisPair, startRedisProcess, startTcpProxy } from "@millrace/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { DEFAULT_LIMITS } from "../src/admission/tenant-limits.ts";
import { createJobIds } from "../src/job-id.ts";
import { withStore } from "../src/redis/answer.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { CHAT_DONE, CHAT_REQUEST, toolCalled, toolReturned, turnFinished } from "./support/chat-jobs.ts";
import { FULL, never, PATIENCE_MS, startRunner } from "./support/run-jobs.ts";
import { createWriter } from "./support/submission-writer.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

/** Longer than any lock lives, or just long enough for every connection to break. */
const CUT_MS = FULL ? 30_000 : 3_000;

const STEPS = [[turnFinished(1, "c1"), toolCalled("c1")], [toolReturned("c1", "found")]];

/** Every event of a job, by a reader that comes again whenever Redis is away. */
async function wholeLog(installation: Installation, jobId: string): Promise<JobEvent[]> {
  const api = installation.createApi();
  const events: JobEvent[] = [];
  using follower = api.follow(jobId, 0);
  const isOver = () => /^job\.(completed|failed|cancelled)$/.test(events.at(-1)?.type ?? "");
  while (!isOver()) {
    try {
      const next = await follower.next(never, 1_000);
      events.push(...next.map(({ json }) => JSON.parse(json) as JobEvent));
      if (next.length === 0) follower.recheck();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await delay(100);
    }
  }
  return events;
}

test.each(FULL ? ["the worker", "the api", "both"] : ["both"])(
  "[store.redis.cut] a job ends right and once although %s cannot reach Redis for a while in the middle of it",
  async (side) => {
    const server = await startRedisProcess();
    onTestFinished(() => server.close());
    const target = { host: "127.0.0.1", port: server.port };
    const [toWorker, toApi] = [await startTcpProxy(target), await startTcpProxy(target)];
    onTestFinished(() => Promise.all([toWorker.close(), toApi.close()]).then(() => undefined));
    const worker = createInstallation(`redis://127.0.0.1:${toWorker.port}`);
    const api = createInstallation(`redis://127.0.0.1:${toApi.port}`, worker.keyPrefix);
    const cut = [...(side === "the api" ? [] : [toWorker]), ...(side === "the worker" ? [] : [toApi])];

    const isCut = Promise.withResolvers<undefined>();
    const began = Promise.withResolvers<undefined>();
    startRunner(worker, async ({ write, readPast }) => {
      const past = (await readPast()).filter(({ type }) => type !== "job.started");
      began.resolve(undefined);
      await isCut.promise;
      // As an agent does: what an earlier start has written is not done again.
      for (const steps of STEPS) if (!past.some(({ type }) => type === steps[0]?.type)) await write(steps);
      return CHAT_DONE;
    });
    const { id } = await api.createApi().submit({ tenant: TENANT, request: CHAT_REQUEST });
    const reading = wholeLog(api, id);
    await began.promise;
    for (const proxy of cut) proxy.blackHole();
    isCut.resolve(undefined);
    await delay(CUT_MS);
    for (const proxy of cut) {
      proxy.resume();
      proxy.cut();
    }

    const events = await reading;
    expect(events.map((event) => event.id)).toEqual(events.map((_, index) => index + 1));
    expect(events.filter(({ type }) => type !== "job.started").map(({ type }) => type)).toEqual([
      "job.queued",
      "turn.finished",
      "tool.called",
      "tool.returned",
      "job.completed",
    ]);
    expect(events.at(-1)?.attempt).toBe(1);
  },
);

test("[store.redis.failover] jobs are taken, run and waited for again after the primary has become a replica", async () => {
  const pair = await startRedisPair();
  onTestFinished(() => pair.close());
  const installation = createInstallation(pair.url);
  const api = installation.createApi();
  const runs = new Map<string, number>();
  startRunner(
    installation,
    ({ jobId }) => {
      runs.set(jobId, (runs.get(jobId) ?? 0) + 1);
      return Promise.resolve({ status: "completed", result: RESULT });
    },
    { type: "tool" },
  );
  const run = async () => {
    const { job, ended } = await api.submitAndWait(
      { tenant: TENANT, request: REQUEST },
      { waitMs: PATIENCE_MS, signal: never },
    );
    expect(ended).toBe(true);
    return job;
  };
  const before = await run();
  for (let failovers = 0; failovers < 2; failovers += 1) {
    await pair.failOver();
    // The connection that finds out is made anew: the client is told to come again, and may.
    const after = await vi.waitFor(run, { timeout: PATIENCE_MS, interval: 100 });
    expect(after.status).toBe("completed");
    expect(runs.get(after.id)).toBe(1);
    expect((await api.find(TENANT, before.id))?.job.status).toBe("completed");
  }
});

test("[store.redis.busy] a script of somebody else that blocks Redis is waited for like Redis itself", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis } = installation;
  const api = installation.createApi();
  const began = Promise.withResolvers<undefined>();
  const isBusy = Promise.withResolvers<undefined>();
  const isSent = Promise.withResolvers<undefined>();
  startRunner(installation, async ({ write }) => {
    began.resolve(undefined);
    await isBusy.promise;
    const writing = STEPS.map((steps) => write(steps));
    isSent.resolve(undefined);
    await Promise.all(writing);
    return CHAT_DONE;
  });
  const { id } = await api.submit({ tenant: TENANT, request: CHAT_REQUEST });
  await began.promise;
  await redis.config("SET", "busy-reply-threshold", 10);
  const blocker = redis.duplicate();
  const killed = blocker.eval("while true do end", 0).catch(String);
  await vi.waitFor(() => expect(redis.ping()).rejects.toThrow(/^BUSY/), PATIENCE_MS);
  await expect(api.find(TENANT, id)).rejects.toBeInstanceOf(StoreUnavailableError);
  isBusy.resolve(undefined);
  await isSent.promise;
  // What the run has sent is refused by the time that these are.
  for (let count = 0; count < 5; count += 1) await expect(redis.ping()).rejects.toThrow(/^BUSY/);
  await redis.script("KILL");
  expect(await killed).toMatch(/SCRIPT KILL/);
  blocker.disconnect();
  const events = await wholeLog(installation, id);
  expect(events.filter(({ type }) => type === "job.started")).toHaveLength(1);
  expect(events.at(-1)?.type).toBe("job.completed");
});

/** Longer than Redis may be silent. What it answers meanwhile is there when this process goes on. */
function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
}

test("[store.redis.stall] a Redis that answers is not given up where this process gets no processor for seconds", async () => {
  const { redis } = createInstallation();
  const ask = async (): Promise<string> => {
    const answer = redis.ping();
    standStill();
    return await answer;
  };
  expect(await withStore(async () => [await ask(), await ask()])).toEqual(["PONG", "PONG"]);
});

test("[store.redis.stall] a submission is written where this process gets no processor for seconds before its turn", async () => {
  const { writer } = createWriter(createInstallation(), () => DEFAULT_LIMITS);
  const submitted = writer.submit({ tenant: TENANT, request: REQUEST, jobId: createJobIds()(Date.now()) });
  standStill();
  expect(await submitted).toMatchObject({ type: "job.queued", request: REQUEST });
  await writer.flush();
});

test("[store.redis.failover.run] a run that meets a replica writes its steps to the new primary, once", async () => {
  const pair = await startRedisPair();
  onTestFinished(() => pair.close());
  const installation = createInstallation(pair.url);
  const began = Promise.withResolvers<undefined>();
  const isOver = Promise.withResolvers<undefined>();
  startRunner(installation, async ({ write }) => {
    began.resolve(undefined);
    await isOver.promise;
    for (const steps of STEPS) await write(steps);
    return CHAT_DONE;
  });
  const { id } = await installation.createApi().submit({ tenant: TENANT, request: CHAT_REQUEST });
  const reading = wholeLog(installation, id);
  await began.promise;
  await pair.failOver();
  isOver.resolve(undefined);
  expect((await reading).map(({ type }) => type)).toEqual([
    "job.queued",
    "job.started",
    "turn.finished",
    "tool.called",
    "tool.returned",
    "job.completed",
  ]);
});
