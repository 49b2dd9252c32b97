import { expect, onTestFinished, test, vi } from "vitest";
import type { JobStore } from "../src/job-store.ts";
import { GoneError } from "../src/reading/gone-error.ts";
import type { JobFilter } from "../src/reading/job-index.ts";
import { EVERY_TENANT } from "../src/reading/viewer.ts";
import { claimChat, submitChat } from "./support/chat-jobs.ts";
import { FAR_MS } from "./support/executors.ts";
import { submitMany } from "./support/line-state.ts";
import { queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, RESULT, TENANT } from "./support/test-installation.ts";

test("[store.list.large] bounds a page by its size, and a walk over the pages still meets every job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const request = { ...REQUEST, arguments: { text: "x".repeat(1_024 * 1_024) } };
  const submitted: string[] = [];
  for (let count = 0; count < 24; count += 1)
    submitted.push((await api.submit({ tenant: TENANT, request: request })).id);

  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await api.list(TENANT, { limit: 200, ...(cursor ? { cursor } : {}) });
    pages.push(page.jobs.map(({ id }) => id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.flat()).toEqual(submitted.toReversed());
});

test("[store.list.expired] fills a page although jobs in between have expired", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id: oldest } = await api.submit({ tenant: TENANT, request: REQUEST });
  for (let count = 0; count < 15; count += 1) {
    const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
    await redis.del(keys.record(id), keys.log(id));
  }
  const page = await api.list(TENANT, { limit: 2 });
  expect(page).toMatchObject({ jobs: [{ id: oldest }], next_cursor: null });
});

test("[store.list.tenants] a page over all tenants passes over nobody's jobs, however far apart they are", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const chat = { type: "chat", message: "hello" } as const;
  await api.submit({ tenant: TENANT, request: chat });
  const { id: wanted } = await api.submit({ tenant: "bob", request: REQUEST });
  for (let count = 0; count < 15; count += 1) await api.submit({ tenant: "bob", request: chat });
  const { jobs } = await api.list(EVERY_TENANT, { limit: 2, type: "tool" });
  expect(jobs).toMatchObject([{ id: wanted }]);
});

test("[store.list.status] a job that has ended since its record was read is not listed as running", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
  await api.cancel(TENANT, id);
  await redis.hset(keys.record(id), "status", "running");
  expect(await api.list(TENANT, { limit: 10, status: "running" })).toEqual({ jobs: [], next_cursor: null });
  expect((await api.list(TENANT, { limit: 10 })).jobs).toMatchObject([{ id, status: "cancelled" }]);
});

/** Each look at the clock finds that most of a page's time has passed. */
function slowDown(): void {
  const clock = vi.spyOn(performance, "now");
  onTestFinished(() => clock.mockRestore());
  let slow = 0;
  clock.mockImplementation(() => (slow += 600));
}

/** The ids of all pages. */
async function walk(api: JobStore, filter: JobFilter): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await api.list(TENANT, { ...filter, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page.jobs.map(({ id }) => id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

test("[store.list.slow] a page is done in time however slow Redis is, and a walk over the pages still finds every job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const { id: oldest } = await api.submit({ tenant: TENANT, request: REQUEST });
  await api.cancel(TENANT, oldest);
  await submitMany(api, 210);
  slowDown();
  const pages = await walk(api, { status: "cancelled", limit: 200 });
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.flat()).toEqual([oldest]);
});

test("[store.list.slow] a page that has jobs ends in their midst when its time is over, and a walk passes over none", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const ids = await submitMany(api, 30);
  slowDown();
  const pages = await walk(api, { limit: 30 });
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.flat().toSorted()).toEqual(ids.toSorted());
});

test("[store.lost_log] a job whose log is lost is gone: nobody starts it, and it is in no one's way", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id: whole } = await api.submit({ tenant: TENANT, request: { ...REQUEST, delay_ms: FAR_MS } });
  const { id: running } = await api.submit({ tenant: TENANT, request: REQUEST });
  const { id: queued } = await api.submit({ tenant: TENANT, request: REQUEST });
  let starts = 0;
  const goOn = Promise.withResolvers<void>();
  startRunner(
    installation,
    async ({ write }) => {
      starts += 1;
      await goOn.promise;
      await write([{ type: "job.warning", code: "no_price", message: "" }]);
      return { status: "completed", result: RESULT };
    },
    { type: "tool", concurrency: 1 },
  );
  await untilStatus(api, running, "running");
  await redis.del(keys.log(running), keys.log(queued));
  goOn.resolve();
  await vi.waitFor(async () => expect(await redis.exists(keys.record(queued))).toBe(0), 20_000);
  await queueEmpty(installation, "tool");
  expect(starts).toBe(1);
  // What was under way has written its end.
  expect(await redis.llen(keys.log(running))).toBe(2);
  for (const id of [running, queued]) {
    expect(await api.find(TENANT, id)).toBeNull();
    expect(await api.logHead(TENANT, id)).toBeNull();
    expect(await api.cancel(TENANT, id)).toBeNull();
    expect(await api.retries.retry(TENANT, id, "start")).toBeNull();
  }
  for (const after of [0, 1]) {
    await expect(api.readLog(running, after, 10)).rejects.toThrow(GoneError);
  }
  expect((await api.list(TENANT, { limit: 10 })).jobs).toMatchObject([{ id: whole }]);
});

test("[store.lost_log.begun] a job whose log is lost while it runs is not begun again by what it has written since", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await redis.del(keys.log(jobId));
  await run.write([{ type: "job.warning", code: "no_price", message: "" }]);
  await expect(claimChat(installation, jobId, 2)).rejects.toThrow("not claimed: missing");
  expect(await redis.exists(keys.record(jobId), keys.log(jobId))).toBe(0);
});
