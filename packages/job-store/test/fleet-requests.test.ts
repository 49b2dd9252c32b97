import { expect, test } from "vitest";
import type { FleetHandlers } from "../src/fleet/fleet-responder.ts";
import { createInstallation } from "./support/test-installation.ts";

const signal = new AbortController().signal;
const REFRESH = { name: "refresh", body: { server: null }, timeoutMs: 20_000, signal } as const;

function handlers(changes: Partial<FleetHandlers>): FleetHandlers {
  const none = () => Promise.reject(new Error("not asked for here"));
  return { reload: none, refresh: none, read_resource: none, get_prompt: none, ...changes };
}

test("[store.requests.answers] every worker that is asked answers, and no other", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const workers = [installation.createWorker(), installation.createWorker(), installation.createWorker()];
  const asked: string[] = [];
  for (const worker of workers) {
    const read_resource: FleetHandlers["read_resource"] = ({ uri }) => {
      asked.push(worker.workerId);
      return Promise.resolve({ ok: false, reason: "not_found", message: `${worker.workerId} ${uri}` });
    };
    worker.answer(handlers({ read_resource }));
  }
  await installation.untilListening(workers.length);
  const ids = workers.slice(0, 2).map(({ workerId }) => workerId);
  const body = { server: "files", uri: "file:///a b" };
  const answers = await api.requests.ask({ ...REFRESH, name: "read_resource", body, workers: ids });
  expect([...answers.keys()]).toEqual(ids);
  for (const id of ids) {
    const answer = { ok: false, reason: "not_found", message: `${id} file:///a b` };
    expect(answers.get(id)).toEqual({ outcome: "answered", answer });
  }
  expect(asked.toSorted()).toEqual(ids.toSorted());
});

test("[store.requests.large] an answer may have megabytes, and nothing of it stays in Redis", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const worker = installation.createWorker();
  const text = "x".repeat(8 * 1024 * 1024);
  const contents = [{ uri: "a:b", mime_type: null, text, blob: null }];
  worker.answer(handlers({ read_resource: () => Promise.resolve({ ok: true, contents }) }));
  await installation.untilListening(1);
  const ask = { ...REFRESH, name: "read_resource", body: { server: "s", uri: "a:b" } } as const;
  const answers = await api.requests.ask({ ...ask, workers: [worker.workerId] });
  expect(answers.get(worker.workerId)).toEqual({ outcome: "answered", answer: { ok: true, contents } });
  expect(await installation.redis.keys(`${installation.keyPrefix}:*answer*`)).toEqual([]);
});

test("[store.requests.silent] a worker that gives no answer is waited for only so long", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const worker = installation.createWorker();
  worker.answer(handlers({ refresh: () => Promise.resolve(null) }));
  await installation.untilListening(1);
  const workers = [worker.workerId, "worker_dead"];
  const answers = await api.requests.ask({ ...REFRESH, workers, timeoutMs: 2_000 });
  expect([...answers]).toEqual([
    [worker.workerId, { outcome: "answered", answer: null }],
    ["worker_dead", { outcome: "silent" }],
  ]);
});

test("[store.requests.failed] a worker that fails at a request says so at once, and answers the next", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const worker = installation.createWorker();
  worker.answer(handlers({ refresh: () => Promise.resolve(null) }));
  await installation.untilListening(1);
  const workers = [worker.workerId];
  const failed = await api.requests.ask({ ...REFRESH, name: "reload", body: null, workers });
  expect(failed.get(worker.workerId)).toMatchObject({ outcome: "failed" });
  const answered = await api.requests.ask({ ...REFRESH, workers });
  expect(answered.get(worker.workerId)).toEqual({ outcome: "answered", answer: null });
});

test("[store.requests.abort] who no longer waits is free at once", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  await api.ping();
  const controller = new AbortController();
  const asked = api.requests.ask({ ...REFRESH, workers: ["worker_dead"], signal: controller.signal });
  controller.abort();
  expect([...(await asked)]).toEqual([["worker_dead", { outcome: "silent" }]]);
});

test("[store.requests.lost] an answer whose announcement was lost is found soon", async () => {
  const installation = createInstallation();
  const { redis, keys, onRelease } = installation;
  const api = installation.createApi();
  await api.fleet();
  const worker = redis.duplicate();
  onRelease(() => worker.quit());
  worker.on("message", (_channel, text: string) => {
    const { id } = JSON.parse(text.slice("ask ".length)) as { id: string };
    void redis.set(keys.fleetAnswer(id, "worker_a"), JSON.stringify({ outcome: "answered", answer: null }));
  });
  await worker.subscribe(keys.control);
  const began = performance.now();
  const answers = await api.requests.ask({ ...REFRESH, workers: ["worker_a"] });
  expect(answers.get("worker_a")).toEqual({ outcome: "answered", answer: null });
  expect(performance.now() - began).toBeLessThan(REFRESH.timeoutMs);
});

test("[store.requests.fresh] what a worker has done for a request is seen by who has asked, though nobody announces it", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const worker = installation.createWorker();
  let running = 0;
  const registry = worker.createRegistry({
    reports: () => [],
    describe: () => ({
      host: "host",
      version: "1.0.0",
      started_at: "2026-01-01T00:00:00.000Z",
      concurrency: { tool: 50, chat: 100 },
      running: { tool: running, chat: 0 },
      servers: {},
    }),
  });
  installation.onRelease(() => registry.leave());
  await registry.join();
  const refresh = async (): Promise<null> => {
    running = 7;
    await registry.publish();
    return null;
  };
  worker.answer(handlers({ refresh }));
  await installation.untilListening(1);
  expect((await api.fleet()).workers).toMatchObject([{ running: { tool: 0 } }]);
  await api.requests.ask({ ...REFRESH, workers: [worker.workerId] });
  expect((await api.fleet()).workers).toMatchObject([{ running: { tool: 7 } }]);
});
