import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createDebouncedTask } from "./debounced-task.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("[host.list.changed] a burst of announcements is one listing, and one during a listing leads to another", async () => {
  let runs = 0;
  let finish = Promise.withResolvers<void>();
  const task = createDebouncedTask(() => {
    runs += 1;
    return finish.promise;
  }, 100);

  for (let announcement = 0; announcement < 50; announcement += 1) task.trigger();
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toBe(1);

  task.trigger();
  task.trigger();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toBe(1);
  finish.resolve();
  finish = Promise.withResolvers<void>();
  await vi.advanceTimersByTimeAsync(100);
  expect(runs).toBe(2);

  task.trigger();
  task.stop();
  finish.resolve();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toBe(2);
});
