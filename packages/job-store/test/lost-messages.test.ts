import { DEFAULT_MAX_CRASHES } from "@millrace/contracts";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { createJobIds } from "../src/job-id.ts";
import { PendingEnd } from "../src/reading/job-ends.ts";
import { terminalEvent } from "../src/reading/terminal-event.ts";
import { RECHECK_MS, waitForEnd } from "../src/reading/wait-for-end.ts";
import { claimRun } from "../src/run/claim-run.ts";
import { never, PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, RESULT, TENANT } from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
});

test(
  "[store.wait.lost] who follows a job to its end learns of it although no message has told",
  async () => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const { job, follower } = await installation
      .createApi()
      .submitAndFollow({ tenant: TENANT, request: REQUEST });
    using following = follower;
    expect(await following.next(never, RECHECK_MS)).toHaveLength(1);
    const waiting = waitForEnd(following, never, 4 * RECHECK_MS);
    const ended = terminalEvent(DONE, { at: Date.now(), attempt: 1, startedAt: null, workerId: null });
    await redis.rpush(keys.log(job.id), JSON.stringify(ended));
    await vi.advanceTimersByTimeAsync(RECHECK_MS);
    expect(await waiting).toMatchObject(DONE);
  },
  PATIENCE_MS,
);

test(
  "[store.wait.lost] so does who has submitted it and waits",
  async () => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const jobId = createJobIds()(Date.now());
    const waits = vi.spyOn(PendingEnd.prototype, "next");
    onTestFinished(() => waits.mockRestore());
    const waiting = installation
      .createApi()
      .submitAndWait({ tenant: TENANT, request: REQUEST, jobId }, { waitMs: 4 * RECHECK_MS, signal: never });
    await vi.waitFor(() => expect(waits).toHaveBeenCalled(), PATIENCE_MS);
    // Nobody is told any more.
    await redis.hdel(keys.record(jobId), "reply_to");
    const claim = await claimRun(
      { jobId, generation: 0, run: 1, workerId: "worker_a" },
      { request: REQUEST },
      { redis, keys, clock: systemClock, maxCrashes: DEFAULT_MAX_CRASHES },
    );
    if (claim.outcome !== "claimed") throw new Error(claim.outcome);
    await claim.run.finish(DONE);
    await vi.advanceTimersByTimeAsync(RECHECK_MS);
    expect(await waiting).toMatchObject({ ended: true, job: DONE });
  },
  PATIENCE_MS,
);
