import { expect, test } from "vitest";
import { FinishedJobs, readFinished } from "../src/metrics/finished-jobs.ts";
import { createInstallation } from "./support/test-installation.ts";

test("[store.finished] ended jobs are counted by outcome and by how long they took, each once", async () => {
  const installation = createInstallation();
  const finished = new FinishedJobs(installation);
  finished.add("tool", "completed", 10);
  finished.add("tool", "completed", 11);
  await finished.flush();
  finished.add("tool", "failed", 1_480);
  // As it may seem where clocks differ.
  finished.add("tool", "failed", -5);
  // It has never run.
  finished.add("chat", "cancelled");
  await finished.flush();
  const { tool, chat } = await readFinished(installation);
  expect(tool.byStatus).toEqual({ completed: 2, failed: 2, cancelled: 0 });
  expect(tool.durations.sumSeconds).toBe(1.501);
  const counts = Object.fromEntries(tool.durations.buckets.map(({ bound, count }) => [bound, count]));
  expect(counts).toMatchObject({ 0.01: 2, 0.05: 3, 1: 3, 5: 4, Infinity: 4 });
  expect(chat.byStatus).toEqual({ completed: 0, failed: 0, cancelled: 1 });
  expect(chat.durations.buckets.at(-1)).toEqual({ bound: Infinity, count: 0 });
});
