import { setImmediate } from "node:timers/promises";
import { DEFAULT_MAX_CRASHES } from "@millrace/contracts";
import { startRedisProcess } from "@millrace/testing";
import type { Redis } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { claimRun } from "../src/run/claim-run.ts";
import type { JobRun } from "../src/run/job-run.ts";
import type { JobStore } from "../src/job-store.ts";
import { EventLog } from "../src/reading/event-log.ts";
import { GoneError } from "../src/reading/gone-error.ts";
import { LogFollower } from "../src/reading/log-follower.ts";
import { ReadPlaces } from "../src/reading/read-places.ts";
import { waitForEnd } from "../src/reading/wait-for-end.ts";
import type { ChannelSubscriptions } from "../src/redis/channel-subscriptions.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const never = new AbortController().signal;
const PATIENCE_MS = 10_000;

/** Begins the job, as a worker would. */
async function begin({ redis, keys }: Installation, jobId: string): Promise<JobRun> {
  const fence = { jobId, generation: 0, run: 1, workerId: "worker_a" };
  const claim = await claimRun(
    fence,
    { request: REQUEST },
    { redis, keys, clock: systemClock, maxCrashes: DEFAULT_MAX_CRASHES },
  );
  if (claim.outcome !== "claimed") throw new Error(claim.outcome);
  return claim.run;
}

/** Runs the job here and now. */
async function runToEnd(installation: Installation, jobId: string, result = RESULT): Promise<void> {
  await (await begin(installation, jobId)).finish({ status: "completed", result });
}

async function readToEnd(follower: LogFollower): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const events = await follower.next(never, PATIENCE_MS);
    if (events.length === 0) throw new Error("nothing came");
    lines.push(...events.map((event) => event.json));
    if (events.at(-1)?.terminal) return lines;
  }
}

const replay = async (store: JobStore, jobId: string): Promise<string[]> =>
  (await store.readLog(jobId, 0, 100)).map((event) => event.json);

test("[store.follow.live] gives a fresh job's events live, the same as a replay gives them later", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const { job, follower } = await api.submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  const [lines] = await Promise.all([readToEnd(following), runToEnd(installation, job.id)]);
  expect(lines.map((line) => JSON.parse(line).id)).toEqual([1, 2, 3]);
  expect(lines).toEqual(await replay(api, job.id));
  expect(JSON.parse(lines[2] ?? "").job).toEqual((await api.find(TENANT, job.id))?.job);
});

test("[store.follow.started] hears of the start of a job that says nothing more for long", async () => {
  const installation = createInstallation();
  const { job, follower } = await installation
    .createApi()
    .submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  expect(await following.next(never, PATIENCE_MS)).toHaveLength(1);
  await begin(installation, job.id);
  expect(await following.next(never, PATIENCE_MS)).toMatchObject([{ id: 2, type: "job.started" }]);
});

test("[store.follow.gap] reads the log when messages were lost", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { job, follower } = await api.submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  expect(await following.next(never, PATIENCE_MS)).toHaveLength(1);
  // Events 2 and 3 are written unannounced; 4 is announced, and shows that two are missing.
  const event = JSON.stringify({ type: "job.started", time: "2026-01-01T00:00:00.000Z", attempt: 1 });
  await redis.rpush(keys.log(job.id), event, event, event);
  await redis.publish(keys.events(job.id), `4\n${event}`);
  const events = await following.next(never, PATIENCE_MS);
  expect(events.map(({ id }) => id)).toEqual([2, 3, 4]);
});

/** A follower of a log of one event whose subscription stands when `ready` has resolved. */
async function followApart({ createApi, redis, keys }: Installation, ready: Promise<void>) {
  const { id: jobId } = await createApi().submit({ tenant: TENANT, request: REQUEST });
  const log = new EventLog(redis, keys);
  const subscribe = () => ({ ready, close: () => undefined });
  const subscriptions = { subscribe } as unknown as ChannelSubscriptions;
  const follower = new LogFollower(
    { log, places: new ReadPlaces(), subscriptions, keys },
    { jobId, after: 0 },
  );
  return { follower, read: vi.spyOn(log, "read") };
}

test("[store.follow.subscribed] reads the log when its subscription stands, so that nothing falls in between", async () => {
  const ready = Promise.withResolvers<void>();
  const { follower, read } = await followApart(createInstallation(), ready.promise);
  using following = follower;
  const first = following.next(never, PATIENCE_MS);
  await setImmediate();
  expect(read).not.toHaveBeenCalled();
  ready.resolve();
  expect(await first).toHaveLength(1);
});

test("[store.follow.again] reads the log again when it could not be read", async () => {
  const { follower, read } = await followApart(createInstallation(), Promise.resolve());
  using following = follower;
  read.mockRejectedValueOnce(new Error("Connection is closed."));
  await expect(following.next(never, PATIENCE_MS)).rejects.toThrow(StoreUnavailableError);
  expect(await following.next(never, PATIENCE_MS)).toHaveLength(1);
});

test("[store.follow.large] wakes for an event that is too large to publish", async () => {
  const installation = createInstallation();
  const { job, follower } = await installation
    .createApi()
    .submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  const result = { ...RESULT, content: [{ type: "text", text: "x".repeat(100_000) }] };
  const waiting = waitForEnd(following, never, PATIENCE_MS);
  await runToEnd(installation, job.id, result);
  expect((await waiting)?.result).toEqual(result);
});

test("[store.follow.slow] keeps no more than a bounded piece for a reader that does not read", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { job, follower } = await installation
    .createApi()
    .submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  expect(await following.next(never, PATIENCE_MS)).toHaveLength(1);
  const event = JSON.stringify({ type: "job.started", time: "", attempt: 1, worker_id: "x".repeat(1_000) });
  for (let id = 2; id <= 400; id += 1) {
    await redis.rpush(keys.log(job.id), event);
    await redis.publish(keys.events(job.id), `${id}\n${event}`);
  }
  const ids: number[] = [];
  let largest = 0;
  while (ids.at(-1) !== 400) {
    const events = await following.next(never, PATIENCE_MS);
    largest = Math.max(largest, events.length);
    ids.push(...events.map(({ id }) => id));
  }
  expect(ids).toEqual(Array.from({ length: 399 }, (_, index) => index + 2));
  expect(largest).toBeLessThan(100);
});

test("[store.follow.large_events] reads large events a few at a time, in order, also where a page ends at one", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { job, follower } = await api.submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  expect(await following.next(never, PATIENCE_MS)).toHaveLength(1);
  const event = (bytes: number) =>
    JSON.stringify({ type: "job.warning", time: "", attempt: 1, message: "x".repeat(bytes) });
  const sizes = [10, 3_000_000, 10, 400_000, 400_000, 400_000, 2_000_000, 10, 10, 10];
  for (const size of sizes) await redis.rpush(keys.log(job.id), event(size));
  following.recheck();
  const pages: number[][] = [];
  while (pages.flat().length < sizes.length) {
    const events = await following.next(never, PATIENCE_MS);
    pages.push(events.map(({ id }) => id));
  }
  expect(pages).toEqual([[2], [3], [4, 5, 6], [7], [8], [9, 10, 11]]);
  const listed = await api.readLog(job.id, 1, 100);
  expect(listed.map(({ id }) => id)).toEqual([2]);
  expect((await api.readLog(job.id, 8, 2)).map(({ id }) => id)).toEqual([9, 10]);
  expect((await api.readLog(job.id, 8, 100)).map(({ id }) => id)).toEqual([9, 10, 11]);
  expect(await api.readLog(job.id, 11, 100)).toEqual([]);
});

test("[store.follow.reconnect] misses nothing when the connections break", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const api = installation.createApi();
  const { job, follower } = await api.submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  expect(await following.next(never, PATIENCE_MS)).toHaveLength(1);
  const waiting = waitForEnd(following, never, PATIENCE_MS);
  await installation.redis.call("CLIENT", "KILL", "TYPE", "pubsub");
  await runToEnd(installation, job.id);
  expect((await waiting)?.status).toBe("completed");
});

test("[store.follow.one-connection] needs one subscriber connection, however many followers", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const followers = await Promise.all(
    Array.from({ length: 50 }, () => api.submitAndFollow({ tenant: TENANT, request: REQUEST })),
  );
  const clients = String(await installation.redis.client("LIST"));
  const own = clients.split("\n").filter((line) => line.includes(`name=${installation.keyPrefix}:api`));
  expect(own).toHaveLength(2);
  for (const { follower } of followers) follower[Symbol.dispose]();
});

test("[store.follow.unsubscribed] follows an accepted job although its subscription cannot be made at first", async () => {
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const api = installation.createApi();
  await api.ping();
  // Only the subscriber's commands are refused; submissions still go through.
  await installation.redis.call("ACL", "SETUSER", "default", "-subscribe");
  const { job, follower } = await api.submitAndFollow({ tenant: TENANT, request: REQUEST });
  using following = follower;
  expect(job.status).toBe("queued");
  expect((await following.next(never, PATIENCE_MS)).map(({ id }) => id)).toEqual([1]);
  await installation.redis.call("ACL", "SETUSER", "default", "+subscribe");
});

test("[store.log.expired] a log that expires between two looks at it is gone, which is no bug", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
  await api.cancel(TENANT, id);
  const expiring = new Proxy(redis, {
    get: (target, name: keyof Redis) =>
      name === "lindex"
        ? async () => {
            await target.del(keys.log(id));
            return await target.lindex(keys.log(id), 0);
          }
        : target[name],
  });
  await expect(new EventLog(expiring, keys).read(id, 1, 10)).rejects.toBeInstanceOf(GoneError);
});
