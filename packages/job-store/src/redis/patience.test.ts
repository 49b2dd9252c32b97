import { setImmediate as socketsRead } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { startPatience } from "./patience.ts";

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
}

/** As a process sees it that gets a processor all the time. */
async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 50) {
    vi.advanceTimersByTime(50);
    await socketsRead();
  }
}

test("[store.redis.silent] who does not answer is given up when the time is over, and no sooner", async () => {
  fakeTimers();
  const onOver = vi.fn<() => void>();
  startPatience(2_000, onOver);
  await pass(1_950);
  expect(onOver).not.toHaveBeenCalled();
  await pass(50);
  expect(onOver).toHaveBeenCalledTimes(1);
  await pass(5_000);
  expect(onOver).toHaveBeenCalledTimes(1);
});

test("[store.redis.silent] nobody is given up who has answered when the last timer has fired", async () => {
  fakeTimers();
  const onOver = vi.fn<() => void>();
  const patience = startPatience(2_000, onOver);
  await pass(1_950);
  vi.advanceTimersByTime(50);
  patience[Symbol.dispose]();
  await pass(5_000);
  expect(onOver).not.toHaveBeenCalled();
});

test("[store.redis.stall] a while in which this process stood still counts little", async () => {
  fakeTimers();
  const onOver = vi.fn<() => void>();
  startPatience(2_000, onOver);
  vi.advanceTimersByTime(60_000);
  await socketsRead();
  await pass(1_850);
  expect(onOver).not.toHaveBeenCalled();
  await pass(50);
  expect(onOver).toHaveBeenCalledTimes(1);
});
