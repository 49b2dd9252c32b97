import { setImmediate } from "node:timers/promises";
import { DEFAULT_MAX_CRASHES, type JobPage } from "@millrace/contracts";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import type { JobStore } from "../src/job-store.ts";
import { EventLog } from "../src/reading/event-log.ts";
import { JobIndex } from "../src/reading/job-index.ts";
import { ReadPlaces } from "../src/reading/read-places.ts";
import { claimRun } from "../src/run/claim-run.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const READS = 100;
/** Less than a page of a log, which is then read in one round trip. */
const TEXT = "x".repeat(900 * 1_024);
const PATIENCE_MS = 10_000;

/** A job that has ended with a large result. */
async function largeJob({ redis, keys }: Installation, api: JobStore): Promise<string> {
  const { id: jobId } = await api.submit({ tenant: TENANT, request: REQUEST });
  const fence = { jobId, generation: 0, run: 1, workerId: "worker_a" };
  const dependencies = { redis, keys, clock: systemClock, maxCrashes: DEFAULT_MAX_CRASHES };
  const claim = await claimRun(fence, { request: REQUEST }, dependencies);
  if (claim.outcome !== "claimed") throw new Error(claim.outcome);
  const result = { ...RESULT, content: [{ type: "text" as const, text: TEXT }] };
  await claim.run.finish({ status: "completed", result });
  return jobId;
}

test.for([
  ["looked up", (api: JobStore, jobId: string) => api.find(TENANT, jobId)],
  ["cancelled after their ends", (api: JobStore, jobId: string) => api.cancel(TENANT, jobId)],
  ["retried in vain", (api: JobStore, jobId: string) => api.retries.retry(TENANT, jobId, "journal")],
  ["gone on with", (api: JobStore, jobId: string) => api.conversation(TENANT, jobId, 1)],
] as const)(
  "[store.reads] what is asked for after many large jobs that are %s is not answered after all of them",
  async ([, read]) => {
    const installation = createInstallation();
    const api = installation.createApi();
    const jobId = await largeJob(installation, api);
    let answered = 0;
    const reads = Array.from({ length: READS }, async () => {
      await read(api, jobId);
      answered += 1;
    });
    // By then all that need not wait for a place have been sent.
    await setImmediate();
    await api.ping();
    expect(answered).toBeLessThan(READS / 2);
    await Promise.all(reads);
  },
);

test("[store.reads] the results of a batch are read when there is a place", async () => {
  const run = vi.spyOn(ReadPlaces.prototype, "run");
  onTestFinished(() => run.mockRestore());
  const results = createInstallation().createApi().batches.results("batch_x", { order: "input", after: 0 });
  expect(await results.next()).toEqual([]);
  expect(run).toHaveBeenCalledOnce();
});

test("[store.reads.lists] who asks for one job does not wait behind those who search for many", async () => {
  const api = createInstallation().createApi();
  const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
  const maySearch = Promise.withResolvers<JobPage>();
  const search = vi.spyOn(JobIndex.prototype, "list").mockReturnValue(maySearch.promise);
  onTestFinished(() => search.mockRestore());
  const lists = Array.from({ length: READS }, () => api.list(TENANT, { limit: 1 }));
  expect(await api.find(TENANT, id)).toMatchObject({ job: { id } });
  expect(search.mock.calls.length).toBeLessThan(READS / 2);
  maySearch.resolve({ jobs: [], next_cursor: null });
  await Promise.all(lists);
});

const page = (api: JobStore, jobId: string) => api.readLog(jobId, 0, 100);
const follow = (api: JobStore, jobId: string) => {
  const follower = api.follow(jobId, 0);
  onTestFinished(() => follower[Symbol.dispose]());
  return follower.next(new AbortController().signal, PATIENCE_MS);
};

test.for([
  ["pages of logs", page],
  ["streams", follow],
] as const)("[store.reads] many %s do not read a large log all at once", async ([, read]) => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await largeJob(installation, api);
  // What follows this job from now on has its subscription.
  await follow(api, jobId);
  const begun = vi.spyOn(EventLog.prototype, "read");
  onTestFinished(() => begun.mockRestore());
  const reads = Array.from({ length: READS }, () => read(api, jobId));
  await vi.waitFor(() => expect(begun).toHaveBeenCalled());
  await api.ping();
  expect(begun.mock.calls.length).toBeLessThan(READS / 2);
  await Promise.all(reads);
  expect(begun.mock.calls.length).toBe(READS);
});
