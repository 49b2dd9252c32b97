import { expect, test, vi } from "vitest";
import type { Execute } from "../src/run/job-execution.ts";
import { createJobStore, type JobStore } from "../src/job-store.ts";
import { submitChat } from "./support/chat-jobs.ts";
import { approve, askOnce } from "./support/executors.ts";
import { killAtEach, PATIENCE, startWorker } from "./support/kill-at-each.ts";
import { eventTypes, FULL, queueEmpty, untilStatus } from "./support/run-jobs.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  silentLogger,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

/**
 * Each test lets a process do something once for each command that it sends to Redis, and cuts it off before that
 * command for ever. Then others do what they do: clients repeat, workers take over, the sweeper repairs.
 */
const openApi =
  ({ keyPrefix }: Installation) =>
  (redisUrl: string): JobStore =>
    createJobStore({ redisUrl, keyPrefix, retentionSeconds: 600, logger: silentLogger });

const done: Execute = () => Promise.resolve({ status: "completed", result: RESULT });
/** The number of an attempt that could not submit its job stays empty. */
const isThere = (id: string | undefined): id is string => id !== undefined;
const ONCE = ["job.queued", "job.started", "job.completed"];

test("[store.kill.submit] an api killed at any command of a submission leaves a job that runs once, or none", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  await api.ping();
  const killed = await killAtEach(openApi(installation), (dying, number) =>
    dying.submit({ tenant: `t${number}`, request: REQUEST }),
  );
  expect(killed).toBeGreaterThan(3);
  startWorker(installation, done);
  const seen: string[] = [];
  for (let number = 1; number <= killed + 1; number += 1) {
    await vi.waitFor(async () => {
      const { jobs } = await api.list(`t${number}`, { limit: 10 });
      expect(jobs.length).toBeLessThanOrEqual(1);
      for (const { status } of jobs) expect(status).toBe("completed");
      seen.push(...jobs.map(({ id }) => id));
    }, PATIENCE);
  }
  for (const id of seen) expect(await eventTypes(api, id)).toEqual(ONCE);
  // The one that came through, and at least those that had their record.
  expect(seen.length).toBeGreaterThan(1);
  await queueEmpty(installation, "tool");
}, 120_000);

test.skipIf(!FULL)(
  "[store.kill.keyed] a client that repeats its request after an api was killed at any command has one job that runs once",
  async () => {
    const installation = createInstallation();
    const api = installation.createApi();
    const submit = async (store: JobStore, tenant: string): Promise<string> => {
      const taken = await store.keyed.take({ tenant, request: REQUEST }, "k");
      return "repeated" in taken ? taken.repeated.job.id : (await store.submit(taken.newJob)).id;
    };
    const killed = await killAtEach(openApi(installation), (dying, number) => submit(dying, `t${number}`));
    expect(killed).toBeGreaterThan(4);
    const ids: string[] = [];
    for (let number = 1; number <= killed; number += 1) {
      ids.push(await vi.waitFor(() => submit(api, `t${number}`), PATIENCE));
    }
    startWorker(installation, done);
    for (const [index, id] of ids.entries()) {
      await vi.waitFor(async () => {
        const { jobs } = await api.list(`t${index + 1}`, { limit: 10 });
        expect(jobs.map((job) => [job.id, job.status])).toEqual([[id, "completed"]]);
      }, PATIENCE);
      expect(await eventTypes(api, id)).toEqual(ONCE);
    }
    await queueEmpty(installation, "tool");
  },
  120_000,
);

test("[store.kill.cancel] a cancel that was cut off at any command, and is repeated, ends its job once", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const ids: string[] = [];
  const killed = await killAtEach(openApi(installation), async (dying, number) => {
    ids[number] = (await api.submit({ tenant: TENANT, request: REQUEST })).id;
    await dying.cancel(TENANT, ids[number]);
  });
  expect(killed).toBeGreaterThan(1);
  startWorker(installation, done);
  for (const id of ids.filter(isThere)) {
    await vi.waitFor(async () => {
      await api.cancel(TENANT, id);
      const types = await eventTypes(api, id);
      expect(types.filter((type) => /cancelled|completed/.test(type))).toHaveLength(1);
    }, PATIENCE);
  }
  await queueEmpty(installation, "tool");
}, 120_000);

test.skipIf(!FULL)(
  "[store.kill.retry] a retry that was cut off at any command, and is repeated, runs its job once more",
  async () => {
    const installation = createInstallation();
    const api = installation.createApi();
    const ids: string[] = [];
    const killed = await killAtEach(openApi(installation), async (dying, number) => {
      const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
      ids[number] = id;
      await api.cancel(TENANT, id);
      await dying.retries.retry(TENANT, id, "journal");
    });
    expect(killed).toBeGreaterThan(2);
    startWorker(installation, done);
    for (const id of ids.filter(isThere)) {
      await api.retries.retry(TENANT, id, "journal");
      await vi.waitFor(async () => {
        expect(await eventTypes(api, id)).toEqual([
          "job.queued",
          "job.cancelled",
          "job.reopened",
          ...ONCE.slice(1),
        ]);
      }, PATIENCE);
    }
    await queueEmpty(installation, "tool");
  },
  120_000,
);

test("[store.kill.approve] a decision that was cut off at any command, and is repeated, counts once and wakes its job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startWorker(installation, askOnce, "chat");
  const ids: string[] = [];
  const killed = await killAtEach(openApi(installation), async (dying, number) => {
    ids[number] = await submitChat(installation);
    await untilStatus(api, ids[number], "parked");
    await approve(dying, ids[number]);
  });
  expect(killed).toBeGreaterThan(1);
  for (const id of ids.filter(isThere)) {
    await vi.waitFor(async () => {
      await approve(api, id);
      expect((await eventTypes(api, id)).at(-1)).toBe("job.completed");
    }, PATIENCE);
    const types = await eventTypes(api, id);
    expect(types.filter((type) => type === "approval.resolved")).toHaveLength(1);
  }
  await queueEmpty(installation, "chat");
}, 120_000);
