import { once } from "node:events";
import { startRedisProcess } from "@millrace/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import type { JobRequest } from "@millrace/contracts";
import type { ExecutionResult, JobExecution } from "../src/run/job-execution.ts";
import { RECHECK_MS, waitForEnd } from "../src/reading/wait-for-end.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const never = new AbortController().signal;
const PATIENCE_MS = 20_000;
const DONE: ExecutionResult = { status: "completed", result: RESULT };

function startRunner(
  installation: Installation,
  execute: (execution: JobExecution) => Promise<ExecutionResult>,
  concurrency = 10,
) {
  const runner = installation.createWorker().createRunner({ type: "tool", concurrency, execute });
  installation.onRelease(() => runner.close(0));
  runner.start();
  return runner;
}

async function runOne(installation: Installation, request = REQUEST, api = installation.createApi()) {
  const { follower } = await api.submitAndFollow({ tenant: TENANT, request });
  using following = follower;
  return await waitForEnd(following, never, PATIENCE_MS);
}

test("[store.run] takes a job from submission to its outcome, and leaves nothing of it in BullMQ", async () => {
  const installation = createInstallation();
  startRunner(installation, () => Promise.resolve(DONE));
  const job = await runOne(installation);
  expect(job).toMatchObject({ status: "completed", result: RESULT, error: null, attempt: 1 });
  const { redis, keys } = installation;
  await vi.waitFor(async () => {
    expect(await redis.keys(`${keys.queuePrefix("tool")}:tool:job_*`)).toEqual([]);
  }, 20_000);
});

test("[store.wait] answers a waiting submission with the finished job, however large, and gives up in time", async () => {
  const installation = createInstallation();
  const text = "x".repeat(100_000);
  startRunner(installation, ({ request }) =>
    Promise.resolve({
      status: "completed",
      result:
        request.type === "tool" && request.arguments["large"]
          ? { ...RESULT, content: [{ type: "text", text }] }
          : RESULT,
    }),
  );
  const api = installation.createApi();
  const wait = (request: JobRequest, waitMs: number, signal = never) =>
    api.submitAndWait({ tenant: TENANT, request }, { waitMs, signal });

  const began = performance.now();
  const small = await wait(REQUEST, PATIENCE_MS);
  // It is told of the end, and does not only look for it now and then.
  expect(performance.now() - began).toBeLessThan(RECHECK_MS);
  expect(small).toMatchObject({ ended: true, job: { status: "completed", result: RESULT } });
  expect(small.job).toEqual((await api.find(TENANT, small.job.id))?.job);
  const large = await wait({ ...REQUEST, arguments: { large: true } }, PATIENCE_MS);
  expect(large.job.result).toMatchObject({ content: [{ type: "text", text }] });

  const delayed = { ...REQUEST, delay_ms: 600_000 };
  expect(await wait(delayed, 20)).toMatchObject({ ended: false, job: { status: "queued" } });
  expect(await wait(delayed, PATIENCE_MS, AbortSignal.abort())).toMatchObject({ ended: false });
});

test("[store.wait.outage] answers with the accepted job when Redis goes while its end is waited for", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const api = installation.createApi();
  const waiting = api.submitAndWait({ tenant: TENANT, request: REQUEST }, { waitMs: 1_500, signal: never });
  await vi.waitFor(async () => expect((await api.list(TENANT, { limit: 1 })).jobs).toHaveLength(1), 20_000);
  await server.kill();
  const { job, ended } = await waiting;
  expect(ended).toBe(false);
  await server.restart();
  expect(job).toMatchObject({ status: "queued", request: REQUEST });
});

test("[store.run.large-request] fetches a request that is too large to travel with the queue entry", async () => {
  const installation = createInstallation();
  const request = { ...REQUEST, arguments: { text: "x".repeat(50_000) } };
  startRunner(installation, (execution) => {
    expect(execution.request).toEqual(request);
    return Promise.resolve(DONE);
  });
  expect((await runOne(installation, request))?.status).toBe("completed");
});

test("[store.run.timeout] aborts at the deadline and fails the job with `timeout`", async () => {
  const installation = createInstallation();
  startRunner(installation, async ({ signal }) => {
    await once(signal, "abort");
    throw signal.reason;
  });
  const job = await runOne(installation, { ...REQUEST, timeout_ms: 20 });
  expect(job?.error).toMatchObject({ code: "timeout", retryable: true });
  expect(job?.error?.message).toContain("20 ms");
});

test("[store.run.timeout.over] the deadline of a job that has ended aborts nothing any more", async () => {
  const installation = createInstallation();
  const signals: AbortSignal[] = [];
  startRunner(installation, ({ signal }) => {
    signals.push(signal);
    return Promise.resolve({ status: "completed", result: RESULT });
  });
  const timeoutMs = 2_000;
  const job = await runOne(installation, { ...REQUEST, timeout_ms: timeoutMs });
  expect(job?.status).toBe("completed");
  const over = performance.now() + timeoutMs;
  await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(over), PATIENCE_MS);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test("[store.run.bug] fails the job with `internal_error` when its execution throws, and says no more", async () => {
  const installation = createInstallation();
  startRunner(installation, () => Promise.reject(new Error("secret detail")));
  const job = await runOne(installation);
  expect(job?.error?.code).toBe("internal_error");
  expect(JSON.stringify(job)).not.toContain("secret detail");
});

test("[store.run.concurrency] runs at most so many jobs at once", async () => {
  const installation = createInstallation();
  let running = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  startRunner(
    installation,
    async () => {
      running += 1;
      most = Math.max(most, running);
      if (running === 3) gate.resolve();
      await gate.promise;
      running -= 1;
      return DONE;
    },
    3,
  );
  const api = installation.createApi();
  const jobs = await Promise.all(Array.from({ length: 12 }, () => runOne(installation, REQUEST, api)));
  expect(jobs.every((job) => job?.status === "completed")).toBe(true);
  expect(most).toBe(3);
});

test("[store.run.drain] takes no more jobs while it drains, and lets those that run finish", async () => {
  const installation = createInstallation();
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const runner = startRunner(installation, async () => {
    started.resolve();
    await finish.promise;
    return DONE;
  });
  const first = runOne(installation);
  await started.promise;
  const closed = runner.close(PATIENCE_MS);
  const api = installation.createApi();
  const { id: second } = await api.submit({ tenant: TENANT, request: REQUEST });
  finish.resolve();
  expect((await first)?.status).toBe("completed");
  await closed;
  expect((await api.find(TENANT, second))?.job.status).toBe("queued");
});

test("[store.run.hand-back] gives a job back to the queue that outlasts the drain timeout", async () => {
  const installation = createInstallation();
  const started = Promise.withResolvers<void>();
  const first = startRunner(installation, async ({ signal }) => {
    started.resolve();
    await once(signal, "abort");
    throw signal.reason;
  });
  const { job, follower } = await installation
    .createApi()
    .submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  await started.promise;
  await first.close(0);
  startRunner(installation, () => Promise.resolve(DONE));
  const ended = await waitForEnd(following, never, PATIENCE_MS);
  expect(ended).toMatchObject({ id: job.id, status: "completed", attempt: 1 });
});

test("[store.priority] runs a key's jobs by priority, 0 first", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  for (const priority of [10, 5, 0, 7])
    await api.submit({ tenant: TENANT, request: { ...REQUEST, priority } });
  const order: (number | undefined)[] = [];
  const all = Promise.withResolvers<void>();
  startRunner(
    installation,
    ({ request }) => {
      order.push(request.priority);
      if (order.length === 4) all.resolve();
      return Promise.resolve(DONE);
    },
    1,
  );
  await all.promise;
  expect(order).toEqual([0, 5, 7, 10]);
});

test("[store.retention] lets a finished job expire by itself after its retention", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  startRunner(installation, () => Promise.resolve(DONE));
  const short = await runOne(installation, { ...REQUEST, retention_seconds: 1 });
  const normal = await runOne(installation);
  for (const key of [keys.log(normal?.id ?? ""), keys.record(normal?.id ?? "")]) {
    const seconds = await redis.ttl(key);
    expect(seconds).toBeGreaterThan(500);
    expect(seconds).toBeLessThanOrEqual(600);
  }
  await vi.waitFor(
    async () => expect(await redis.exists(keys.record(short?.id ?? ""), keys.log(short?.id ?? ""))).toBe(0),
    PATIENCE_MS,
  );
});
