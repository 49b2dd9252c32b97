import { expect, test, vi } from "vitest";
import { lineState, linesGone, noteTaken, submitMany } from "./support/line-state.ts";
import { PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, RESULT, TENANT } from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;

test("[store.delayed] a delayed job is queued, joins its line when it is due, and leaves nothing when it is cancelled", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const [far = ""] = await submitMany(api, 1, { request: { ...REQUEST, delay_ms: 600_000 } });
  const [near = ""] = await submitMany(api, 1, { request: { ...REQUEST, delay_ms: 50 } });
  expect((await api.find(TENANT, near))?.job.status).toBe("queued");
  expect((await lineState(installation)).later.toSorted()).toEqual([far, near].toSorted());
  const starts: string[] = [];
  startRunner(
    installation,
    ({ jobId }) => {
      starts.push(jobId);
      return Promise.resolve(DONE);
    },
    { type: "tool" },
  );
  await untilStatus(api, near, "completed");
  await api.cancel(TENANT, far);
  expect(await redis.keys(`${keys.queuePrefix("due")}:due:job_*`)).toEqual([]);
  expect(starts).toEqual([near]);
  await linesGone(installation);
});

test("[store.cut.later] delayed jobs whose ends were not told to their line are not counted after a sweep", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const delayed = { ...REQUEST, delay_ms: 600_000 };
  const [ended = "", gone = "", waiting = ""] = await submitMany(api, 3, { request: delayed });
  await noteTaken(installation);
  // As if the process that cancelled it had died before it told the line.
  await redis.hset(keys.record(ended), "status", "cancelled");
  await redis.del(keys.record(gone));
  await installation.createWorker().createSweeper().sweep();
  expect((await lineState(installation)).later).toEqual([waiting]);
  await api.cancel(TENANT, waiting);
  await linesGone(installation);
});

test("[store.delayed.flood] many jobs that become due together hold nobody's job up, and each runs once", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const ids = await submitMany(api, 150, { request: { ...REQUEST, delay_ms: 1 } });
  const starts: string[] = [];
  const hold = Promise.withResolvers<void>();
  startRunner(
    installation,
    async ({ jobId }) => {
      starts.push(jobId);
      await hold.promise;
      return DONE;
    },
    { type: "tool", concurrency: 4 },
  );
  // All are due, four of them run.
  await vi.waitFor(async () => {
    const { later, line, admitted } = await lineState(installation);
    expect([later.length, line.length + admitted.length, starts.length]).toEqual([0, 150, 4]);
  }, PATIENCE_MS);
  const [bob = ""] = await submitMany(api, 1, { tenant: "bob" });
  hold.resolve();
  await untilStatus(installation.createApi(), ids[149] ?? "", "completed");
  expect(starts.indexOf(bob)).toBeLessThan(8);
  await vi.waitFor(() => expect(starts).toHaveLength(151), PATIENCE_MS);
  await queueEmpty(installation, "tool");
  expect(new Set(starts).size).toBe(151);
});
