import type { ServerReport } from "@millrace/contracts";
import { expect, onTestFinished, test, vi } from "vitest";
import { FleetReader } from "../src/fleet/fleet-reader.ts";
import { WorkerRegistry } from "../src/fleet/worker-registry.ts";
import { ChannelSubscriptions } from "../src/redis/channel-subscriptions.ts";
import { createInstallation, silentLogger, TENANT, type Installation } from "./support/test-installation.ts";

function report(status: ServerReport["status"], tools: string[] = []): ServerReport {
  return {
    name: "fixture",
    display_name: "Fixture",
    description: null,
    transport_type: "stdio",
    status,
    last_error: status === "error" ? "it broke" : null,
    tools: tools.map((tool_name) => ({
      name: `fixture__${tool_name}`,
      server_name: "fixture",
      tool_name,
      description: null,
      parameters: { type: "object" },
      output_schema: null,
      annotations: null,
    })),
    resources: [],
    withheld_tools: [],
    resource_templates: [],
    prompts: [],
    truncated: false,
  };
}

function createMember(installation: Installation, reports: () => ServerReport[]) {
  const store = installation.createWorker();
  const registry = store.createRegistry({
    reports,
    describe: () => ({
      host: "host",
      version: "1.0.0",
      started_at: "2026-01-01T00:00:00.000Z",
      concurrency: { tool: 50, chat: 100 },
      running: { tool: 0, chat: 0 },
      servers: Object.fromEntries(reports().map(({ name, status }) => [name, status])),
    }),
  });
  installation.onRelease(() => registry.leave());
  return { id: store.workerId, registry };
}

test("[store.fleet.merge] merges the workers' servers: the best status wins", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const broken = createMember(installation, () => [report("error")]);
  const sound = createMember(installation, () => [report("connected", ["echo"])]);
  await broken.registry.join();
  await sound.registry.join();
  const fleet = await api.fleet();
  expect(fleet.workers.map(({ id }) => id).toSorted()).toEqual([broken.id, sound.id].toSorted());
  expect(fleet.servers()).toEqual([
    expect.objectContaining({
      name: "fixture",
      status: "connected",
      available_tools: ["echo"],
      last_error: null,
      workers: { connected: 1, total: 2 },
    }),
  ]);
  expect(fleet.tools().map(({ name }) => name)).toEqual(["fixture__echo"]);
});

test("[store.fleet.change] shows a changed catalogue and a worker that leaves", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  let tools = ["echo"];
  const { registry } = createMember(installation, () => [report("connected", tools)]);
  await registry.join();
  expect((await api.fleet()).tools()).toHaveLength(1);
  tools = ["echo", "add"];
  registry.changed();
  await vi.waitFor(async () => expect((await api.fleet()).tools()).toHaveLength(2), 20_000);
  await registry.leave();
  await vi.waitFor(async () => expect((await api.fleet()).workers).toEqual([]), 20_000);
});

test("[store.fleet.dead] forgets a worker whose heartbeat has expired", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id, registry } = createMember(installation, () => [report("connected")]);
  await registry.join();
  expect((await api.fleet()).workers).toHaveLength(1);
  expect(await redis.pttl(keys.worker(id))).toBeGreaterThan(0);
  await redis.sadd(keys.workers, "worker_dead");
  await vi.waitFor(async () => {
    await api.fleet();
    expect(await redis.smembers(keys.workers)).toEqual([id]);
  }, 20_000);
});

test("[store.fleet.lapse] knows a worker's servers at once when its heartbeat comes back after an outage", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id, registry } = createMember(installation, () => [report("connected", ["echo"])]);
  await registry.join();
  expect((await api.fleet()).hasReported).toBe(true);
  // What expires while Redis, or the worker, is away for longer than a heartbeat counts.
  await vi.waitFor(async () => {
    // Again when a heartbeat comes before the look.
    await redis.del(keys.worker(id), keys.catalogue(id));
    expect((await api.fleet()).workers).toEqual([]);
  }, 20_000);
  const fleet = await vi.waitFor(async () => {
    const view = await api.fleet();
    expect(view.workers).toHaveLength(1);
    return view;
  }, 20_000);
  await vi.waitFor(async () => expect((await api.fleet()).tools()).toHaveLength(1), 20_000);
  // In between nothing may be claimed about servers that are only not known.
  expect(fleet.hasReported ? fleet.tools().length : 1).toBe(1);
});

test("[store.fleet.heartbeat] a heartbeat that fails for another reason than Redis is told as a warning", async () => {
  const { redis, keys } = createInstallation();
  const warn = vi.fn<(fields: object) => void>();
  const registry = new WorkerRegistry({
    redis,
    keys,
    workerId: "worker_broken",
    logger: { ...silentLogger, warn },
    describe: () => {
      throw new RangeError("Maximum call stack size exceeded");
    },
    reports: () => [],
  });
  await registry.publish();
  expect(warn).toHaveBeenCalledWith(
    { reason: "RangeError: Maximum call stack size exceeded" },
    "Heartbeat not written",
  );
});

test("[store.first_request] whatever is asked first waits for the connection instead of failing", async () => {
  const installation = createInstallation();
  await installation.createApi().keyReloads.announce();
  await installation.createApi().ping();
  expect((await installation.createApi().fleet()).workers).toEqual([]);
  expect((await installation.createApi().list(TENANT, { limit: 1 })).jobs).toEqual([]);
  expect(await installation.createApi().find(TENANT, "job_01K9Z3J8D0G1XJ3M5Y7Q2R4S6T")).toBeNull();
  expect(await installation.createApi().requestRates.take(TENANT, 5)).toBe(0);
});

test("[store.fleet.burst] changes that come while one is being written are told by one more write", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const tools: string[] = [];
  let readings = 0;
  const { registry } = createMember(installation, () => {
    readings += 1;
    return [report("connected", tools)];
  });
  await registry.join();
  readings = 0;
  for (let change = 0; change < 100; change += 1) {
    tools.push(`tool_${change}`);
    registry.changed();
    // The first of them is under way by then.
    if (change === 0) await Promise.resolve();
  }
  await registry.publish();
  expect((await api.fleet()).tools()).toHaveLength(100);
  // A write reads them for the heartbeat and for the catalogue.
  expect(readings).toBeLessThanOrEqual(4);
});

test("[store.fleet.shared] who asks while the fleet is read shares the reading, also when an older one ends meanwhile", async () => {
  const { redis, keys } = createInstallation();
  const subscriber = redis.duplicate();
  onTestFinished(() => subscriber.disconnect());
  const fleet = new FleetReader(redis, keys, new ChannelSubscriptions(subscriber));
  const read = redis.smembers.bind(redis);
  const mayRead = Promise.withResolvers<undefined>();
  const older = fleet.read();
  vi.spyOn(redis, "smembers").mockImplementationOnce(async (key) => {
    await mayRead.promise;
    return await read(key);
  });
  fleet.forget();
  const newer = fleet.read();
  await older;
  expect(fleet.read()).toBe(newer);
  mayRead.resolve(undefined);
  await newer;
  const next = fleet.read();
  expect(next).not.toBe(newer);
  await next;
});
