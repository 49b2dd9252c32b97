import { once } from "node:events";
import type { JobEvent } from "@millrace/contracts";
import { startRedisCluster, type RedisCluster } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Logger } from "../src/logger.ts";
import { waitForEnd } from "../src/reading/wait-for-end.ts";
import { checkRedisOnce } from "../src/redis/redis-check.ts";
import {
  CHAT_DONE,
  CHAT_REQUEST,
  submitChat,
  toolCalled,
  toolReturned,
  turnFinished,
} from "./support/chat-jobs.ts";
import { approve, askOnce, untilStopped } from "./support/executors.ts";
import { eventTypes, never, PATIENCE_MS, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, RESULT, silentLogger, TENANT } from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;
/** Longer ago than any submission takes. */
const LONG_AGO = Date.now() - 120_000;

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.close());

const inCluster = () => createInstallation(cluster.url);

describe("on three masters", () => {
  test("[store.cluster.run] tool jobs are submitted together, run, waited for and listed, and their keys spread", async () => {
    const installation = inCluster();
    const api = installation.createApi();
    startRunner(installation, () => Promise.resolve(DONE), { type: "tool" });
    const wait = { waitMs: PATIENCE_MS, signal: never };
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => api.submitAndWait({ tenant: TENANT, request: REQUEST }, wait)),
    );
    for (const { ended, job } of answers) {
      expect(ended).toBe(true);
      expect(job).toMatchObject({ status: "completed", result: RESULT });
    }
    const { jobs } = await api.list(TENANT, { limit: 50, status: "completed" });
    expect(new Set(jobs.map(({ id }) => id))).toEqual(new Set(answers.map(({ job }) => job.id)));
    const keys = await Promise.all(
      cluster.nodes.map(async (_, index) =>
        (await cluster.keysOf(index)).filter((key) => key.endsWith(":log")),
      ),
    );
    for (const own of keys) expect(own.length).toBeGreaterThan(0);
  });

  test("[store.cluster.follow] a reader sees a chat job's whole log, live, whichever node has it", async () => {
    const installation = inCluster();
    const api = installation.createApi();
    startRunner(installation, async ({ write }) => {
      await write([turnFinished(1, "c1"), toolCalled("c1")]);
      await write([toolReturned("c1", "found")]);
      return CHAT_DONE;
    });
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        const { follower } = await api.submitAndFollow({ tenant: TENANT, request: CHAT_REQUEST });
        using following = follower;
        const seen: JobEvent[] = [];
        while (seen.at(-1)?.type !== "job.completed") {
          const events = await following.next(never, PATIENCE_MS);
          expect(events).not.toEqual([]);
          seen.push(...events.map(({ json }) => JSON.parse(json) as JobEvent));
        }
        expect(seen.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
      }),
    );
  });

  test("[store.cluster.control] jobs are cancelled, approved, retried and found by their idempotency key", async () => {
    const installation = inCluster();
    const api = installation.createApi();
    let isFirst = true;
    startRunner(installation, (execution) => {
      if (isFirst) return untilStopped(execution);
      return askOnce(execution);
    });
    const cancelled = await submitChat(installation);
    await installation.untilListening(1);
    await untilStatus(api, cancelled, "running");
    expect((await api.cancel(TENANT, cancelled))?.requested).toBe(true);
    await untilStatus(api, cancelled, "cancelled");
    isFirst = false;
    const parked = await submitChat(installation);
    await untilStatus(api, parked, "parked");
    expect(await approve(api, parked)).toBe("decided");
    await untilStatus(api, parked, "completed");
    expect((await api.retries.retry(TENANT, cancelled, "journal"))?.outcome).toBe("reopened");
    await untilStatus(api, cancelled, "completed");

    const taken = await api.keyed.take({ tenant: TENANT, request: REQUEST }, "k");
    if (!("newJob" in taken)) throw new Error("the key was taken");
    const { id } = await api.submit(taken.newJob);
    expect((await api.keyed.find(TENANT, "k", REQUEST))?.job.id).toBe(id);
    expect(await api.keyed.take({ tenant: TENANT, request: REQUEST }, "k")).toMatchObject({
      repeated: { job: { id } },
    });
  });

  test("[store.cluster.sweep] a submission that was cut off is completed, and an overdue job fails", async () => {
    const installation = inCluster();
    const { redis, keys } = installation;
    const api = installation.createApi();
    const jobId = await submitChat(installation);
    const queue = `${keys.queuePrefix("chat")}:chat`;
    await vi.waitFor(async () => expect(await redis.exists(keys.submissions)).toBe(0), PATIENCE_MS);
    await Promise.all([redis.zrem(`${queue}:prioritized`, jobId), redis.del(`${queue}:${jobId}`)]);
    await redis.zadd(keys.submissions, LONG_AGO, jobId);
    const overdue = await api.submit({ tenant: TENANT, request: { ...REQUEST, queue_timeout_ms: 1 } });
    expect(await installation.createWorker().createSweeper().sweep()).toBe(1);
    await untilStatus(api, overdue.id, "failed");
    startRunner(installation, () => Promise.resolve(CHAT_DONE));
    await untilStatus(api, jobId, "completed");
    expect(await eventTypes(api, jobId)).toEqual(["job.queued", "job.started", "job.completed"]);
  });

  test("[store.cluster.delay] a delayed job runs when it is due", async () => {
    const installation = inCluster();
    const api = installation.createApi();
    startRunner(installation, () => Promise.resolve(CHAT_DONE));
    const { id } = await api.submit({ tenant: TENANT, request: { ...CHAT_REQUEST, delay_ms: 50 } });
    await untilStatus(api, id, "completed");
  });

  test("[store.cluster.fleet] workers announce themselves, answer what is asked of them, and leave", async () => {
    const installation = inCluster();
    const api = installation.createApi();
    const worker = installation.createWorker();
    const registry = worker.createRegistry({
      describe: () => ({
        host: "here",
        version: "1",
        started_at: new Date().toISOString(),
        concurrency: { tool: 1, chat: 1 },
        running: { tool: 0, chat: 0 },
        servers: {},
      }),
      reports: () => [],
    });
    await registry.join();
    worker.answer({
      reload: () => Promise.reject(new Error("not asked")),
      read_resource: () => Promise.reject(new Error("not asked")),
      get_prompt: () => Promise.reject(new Error("not asked")),
      refresh: () => Promise.resolve(null),
    });
    await installation.untilListening(1);
    expect((await api.fleet()).workers.map(({ id }) => id)).toEqual([worker.workerId]);
    const request = {
      name: "refresh",
      body: { server: null },
      timeoutMs: PATIENCE_MS,
      signal: never,
    } as const;
    const answers = await api.requests.ask({ ...request, workers: [worker.workerId] });
    expect(answers.get(worker.workerId)).toEqual({ outcome: "answered", answer: null });
    await registry.leave();
    await vi.waitFor(async () => expect((await api.fleet()).workers).toEqual([]), PATIENCE_MS);
  });

  test("[store.cluster.check] each node whose settings lose jobs is warned of by its name", async () => {
    const { redis } = inCluster();
    const warnings: string[] = [];
    const warn: Logger["warn"] = (_: unknown, text?: string) => void warnings.push(String(text));
    checkRedisOnce(redis, { ...silentLogger, warn });
    const names = cluster.nodes.map(
      ({ port }) => `The Redis node 127.0.0.1:${port} keeps no append-only file`,
    );
    const expected = names.toSorted().map((name) => expect.stringContaining(name) as string);
    await vi.waitFor(() => expect(warnings.toSorted()).toEqual(expected), PATIENCE_MS);
  });

  test("[store.cluster.drain] a job is handed over to another worker", async () => {
    const installation = inCluster();
    const began = Promise.withResolvers<undefined>();
    const leaving = startRunner(installation, async ({ draining }) => {
      began.resolve(undefined);
      await once(draining, "abort");
      return { status: "yielded" };
    });
    const { follower } = await installation
      .createApi()
      .submitAndFollow({ tenant: TENANT, request: CHAT_REQUEST });
    using following = follower;
    await began.promise;
    await leaving.close(PATIENCE_MS);
    startRunner(installation, () => Promise.resolve(CHAT_DONE));
    expect(await waitForEnd(following, never, PATIENCE_MS)).toMatchObject({
      status: "completed",
      attempt: 1,
    });
  });

  test("[store.cluster.counts] the counts of many keys' lines are asked for together", async () => {
    const { redis, keys } = inCluster();
    const asked = vi.spyOn(redis, "zcard");
    const pipeline = redis.pipeline();
    for (let index = 0; index < 20; index += 1) {
      const { line, state, later, admitted } = keys.line("tool", `tenant${index}`);
      pipeline.zcard(line).hget(state, "at_gates").scard(later).zrange(admitted, "0", "-1");
    }
    const replies = pipeline.exec();
    // Before the first of them is answered.
    expect(asked).toHaveBeenCalledTimes(20);
    expect((await replies)?.slice(0, 4)).toEqual([
      [null, 0],
      [null, null],
      [null, 0],
      [null, []],
    ]);
  });
});
