import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StopProof } from "./stop-proof.ts";

/** What an immediate takes by the fake clock. */
const IMMEDIATE_MS = 1;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** The verdict, and when it falls; the script says what is seen meanwhile. */
async function judge(script: (proof: StopProof) => Promise<void>) {
  const startedAt = performance.now();
  const proof = new StopProof();
  const verdict = proof.stopped.then((gaveIn) => ({ gaveIn, afterMs: performance.now() - startedAt }));
  await script(proof);
  await after(10_000);
  expect(vi.getTimerCount()).toBe(0);
  return await verdict;
}

async function progressUntil(proof: StopProof, ms: number): Promise<void> {
  for (let time = 0; time < ms; time += 50) {
    await after(50);
    proof.progress();
  }
}

test("[host.cancel.proof] a prompt pong and quiet after it: it gave in", async () => {
  const seen = await judge(async (proof) => {
    await after(100);
    // Sent before the server had read the notice.
    proof.progress();
    await after(100);
    proof.pong();
  });
  expect(seen).toEqual({ gaveIn: true, afterMs: 450 + IMMEDIATE_MS });
});

test("[host.cancel.proof] an error ends the watch at once, and so does a result", async () => {
  for (const gaveIn of [true, false]) {
    const seen = await judge(async (proof) => {
      await after(30);
      proof.settle(gaveIn);
      proof.settle(!gaveIn);
      proof.pong();
    });
    expect(seen).toEqual({ gaveIn, afterMs: 30 });
  }
});

test.each([
  ["until the end", 10_000, false],
  ["until the last second", 4_100, false],
  ["and then falls silent", 3_900, true],
])("[host.cancel.proof] a call that reports progress %s", async (_what, ms, gaveIn) => {
  const seen = await judge(async (proof) => {
    proof.pong();
    await progressUntil(proof, ms);
  });
  expect(seen).toEqual({ gaveIn, afterMs: 5_000 + IMMEDIATE_MS });
});

test("[host.cancel.proof] progress that waits to be read when the quiet is over counts", async () => {
  const seen = await judge(async (proof) => {
    proof.pong();
    // As after a turn in which this process was busy: first the timer, then the sockets.
    vi.advanceTimersToNextTimer();
    proof.progress();
    await progressUntil(proof, 10_000);
  });
  expect(seen).toEqual({ gaveIn: false, afterMs: 5_000 + IMMEDIATE_MS });
});

test.each([
  [1_500, true],
  [4_500, false],
  [6_000, false],
])("[host.cancel.proof] a pong only after %d ms proves less: silence must follow", async (ms, gaveIn) => {
  const seen = await judge(async (proof) => {
    await after(ms);
    proof.pong();
  });
  expect(seen).toEqual({ gaveIn, afterMs: 5_000 + IMMEDIATE_MS });
});
