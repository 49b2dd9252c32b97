import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../clock.ts";
import { CallLimit } from "./call-limit.ts";

const TIMEOUT_MS = 1_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function limit() {
  const onOver = vi.fn<() => void>();
  return { onOver, limit: new CallLimit(TIMEOUT_MS, systemClock, onOver) };
}

test("[host.call.prolonged] a call of which nothing comes is over after the timeout", () => {
  const { onOver, limit: silent } = limit();
  vi.advanceTimersByTime(TIMEOUT_MS - 1);
  expect(onOver).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onOver).toHaveBeenCalledTimes(1);
  expect(silent.isAbsolute).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test("[host.call.prolonged] each report of progress gives a call its timeout anew, ten times as much at most", () => {
  const { onOver, limit: busy } = limit();
  for (let step = 0; step < 19; step += 1) {
    vi.advanceTimersByTime(TIMEOUT_MS / 2);
    busy.prolong();
    expect(onOver).not.toHaveBeenCalled();
  }
  vi.advanceTimersByTime(TIMEOUT_MS / 2);
  expect(onOver).toHaveBeenCalledTimes(1);
  expect(busy.isAbsolute).toBe(true);
});

test("[host.call.prolonged] while a tool waits for our answer it cannot give a sign, and need not", async () => {
  const { onOver, limit: asking } = limit();
  const answer = Promise.withResolvers<string>();
  const answered = asking.whileAnswering(() => answer.promise);
  vi.advanceTimersByTime(3 * TIMEOUT_MS);
  expect(onOver).not.toHaveBeenCalled();
  answer.resolve("yes");
  expect(await answered).toBe("yes");
  vi.advanceTimersByTime(TIMEOUT_MS);
  expect(onOver).toHaveBeenCalledTimes(1);
});

test("[host.call.prolonged] a call that has ended leaves no timer", () => {
  const { onOver, limit: ended } = limit();
  ended.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(TIMEOUT_MS);
  expect(onOver).not.toHaveBeenCalled();
});
