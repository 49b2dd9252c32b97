import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { Execute } from "../src/run/job-execution.ts";
import { lineState, submitMany } from "./support/line-state.ts";
import { FULL, PATIENCE_MS, startRunner } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, RESULT, type Installation } from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;
const FLOOD = FULL ? 100_000 : 3_000;
const CONCURRENCY = 10;
/** What each job of the flood takes, in milliseconds. */
const JOB_MS = 20;
const CHUNK = 1_000;

/** So many keys are too many for one command. */
async function deleteInChunks({ redis, keyPrefix }: Installation): Promise<void> {
  for await (const found of redis.scanStream({ match: `*${keyPrefix}*`, count: 1_000 })) {
    const keys = found as string[];
    if (keys.length > 0) await redis.del(...keys);
  }
}

test(
  "[store.admission.flood] a flood of one key's jobs delays another key's job by no more than one job's time",
  { timeout: 600_000 },
  async () => {
    const installation = createInstallation();
    installation.onRelease(() => deleteInChunks(installation));
    const api = installation.createApi();
    let started = 0;
    const bobStarted = Promise.withResolvers<number>();
    let bob = "";
    const execute: Execute = async ({ jobId }) => {
      if (jobId === bob) {
        bobStarted.resolve(started);
        return DONE;
      }
      started += 1;
      await delay(JOB_MS);
      return DONE;
    };
    for (let submitted = 0; submitted < FLOOD; submitted += CHUNK) await submitMany(api, CHUNK);
    expect((await lineState(installation)).line.length).toBe(FLOOD - 100);
    const runner = startRunner(installation, execute, { type: "tool", concurrency: CONCURRENCY });
    await vi.waitFor(() => expect(started).toBeGreaterThan(300), PATIENCE_MS);
    const newJob = { tenant: "bob", jobId: `job_${"7".padEnd(26, "z")}`, request: REQUEST };
    bob = newJob.jobId;
    const submittedAt = performance.now();
    await api.submit(newJob);
    const before = started;
    const after = await bobStarted.promise;
    process.stdout.write(
      `Behind ${FLOOD} jobs of ${JOB_MS} ms the job of another key waited ${(performance.now() - submittedAt).toFixed(0)} ms\n`,
    );
    // Each place was given to one more job of the flood at the most.
    expect(after - before).toBeLessThanOrEqual(CONCURRENCY);
    await runner.close(5_000);
  },
);
