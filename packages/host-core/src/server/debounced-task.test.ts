import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../clock.ts";
import { createDebouncedTask } from "./debounced-task.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const DELAYS = { clock: systemClock, delayMs: 100, longestDelayMs: 30_000, onLongest: () => {} };

test("[host.list.changed] a burst of announcements is one listing, and one during a listing leads to another", async () => {
  let runs = 0;
  let finish = Promise.withResolvers<boolean>();
  const task = createDebouncedTask(() => {
    runs += 1;
    return finish.promise;
  }, DELAYS);

  for (let announcement = 0; announcement < 50; announcement += 1) task.trigger();
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toBe(1);

  task.trigger();
  task.trigger();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toBe(1);
  finish.resolve(false);
  finish = Promise.withResolvers<boolean>();
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toBe(2);

  task.trigger();
  task.stop();
  finish.resolve(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toBe(2);
});

test("[host.list.restless] runs in vain come ever later, up to half a minute; a change or a pause of that is seen at once again", async () => {
  const startedAt = performance.now();
  const runs: number[] = [];
  let isInVain = true;
  let isRestless = true;
  let told = 0;
  const task = createDebouncedTask(
    () => {
      runs.push(performance.now() - startedAt);
      if (isRestless) task.trigger();
      return Promise.resolve(isInVain);
    },
    { ...DELAYS, onLongest: () => (told += 1) },
  );
  const gaps = () => runs.map((at, index) => Math.round(at - (runs[index - 1] ?? 0)));
  const doubling = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600];

  task.trigger();
  await vi.advanceTimersByTimeAsync(200_000);
  expect(gaps()).toEqual([...doubling, 30_000, 30_000, 30_000, 30_000]);
  expect(told).toBe(1);

  runs.length = 0;
  isInVain = false;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(gaps().slice(1, 4)).toEqual([100, 100, 100]);

  isInVain = true;
  await vi.advanceTimersByTimeAsync(10_000);
  isRestless = false;
  await vi.advanceTimersByTimeAsync(60_000);
  runs.length = 0;
  task.trigger();
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toHaveLength(1);
  task.stop();
});
