import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ModelError } from "../src/model/model.ts";
import { ScriptedCoolDowns, ScriptedLog, startAgent, type ScriptedStart } from "./scripted-agent.ts";
import { faultyTurn, ScriptedModel } from "./scripted-model.ts";

// The scripted parts wait for turns of the event loop, so these keep their own time.
beforeEach(() => void vi.useFakeTimers({ toNotFake: ["setImmediate", "clearImmediate"] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const PROVIDER = "demo:http://model.test";
const backoff = new ModelError("provider_unavailable", "It is overloaded.", { retry: "backoff" });
const limited = (retryAfterMs: number | null) =>
  new ModelError("provider_unavailable", "It wants a pause.", { retry: "cool_down", retryAfterMs });

const failing = (times: number) => Array.from({ length: times }, () => faultyTurn(backoff));

/** Runs a start to its end, however long it waits. */
async function finish(start: ScriptedStart) {
  const finished = startAgent(start);
  const progress = { isOver: false };
  const mark = () => void (progress.isOver = true);
  finished.then(mark, mark);
  while (!progress.isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!progress.isOver) await vi.advanceTimersToNextTimerAsync();
  }
  return await finished;
}

test("[agent.retry.never] a fault that no retry mends fails the job with its code", async () => {
  const fault = new ModelError("provider_auth", "Set the key.", { retry: "never" });
  const { outcome, log } = await finish({
    script: [faultyTurn(fault, "half a")],
    request: { enable_mcp: false },
  });
  expect(outcome).toMatchObject({
    status: "failed",
    error: { code: "provider_auth", message: "Set the key.", retryable: false },
    usage: { turns: 0 },
  });
  expect(log.types()).toEqual(["turn.started", "text.delta", "turn.discarded"]);
});

test("[agent.retry.backoff] a turn that failed is taken back if anybody saw it, and tried again after a while", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const startedAt = performance.now();
  const { outcome, log } = await finish({
    // The second piece is not written yet when the turn fails, and never is.
    script: [[faultyTurn(backoff, "half a", " sentence"), faultyTurn(backoff), { text: "done" }]],
    request: { enable_mcp: false },
  });
  expect(outcome).toMatchObject({ status: "completed", result: { text: "done" }, usage: { turns: 1 } });
  expect(performance.now() - startedAt).toBeCloseTo(250 + 500, 0);
  expect(log.steps).toMatchObject([
    { type: "turn.started", turn: 1 },
    { type: "text.delta", text: "half a" },
    { type: "turn.discarded", turn: 1, reason: "It is overloaded." },
    { type: "job.warning", code: "model_retry", message: "It is overloaded. Trying again in 0.3 s." },
    { type: "turn.started", turn: 1 },
    { type: "job.warning", code: "model_retry" },
    { type: "turn.started", turn: 1 },
    { type: "text.delta", text: "done" },
    { type: "turn.finished", turn: 1 },
  ]);
});

test("[agent.retry.backoff] ten failed attempts in a row fail the job; the next turn counts anew", async () => {
  const call = { id: "a", name: "files__read" };
  const nine = await finish({
    tools: { files__read: {} },
    script: [
      [...failing(9), { calls: [call] }],
      [...failing(9), { text: "done" }],
    ],
  });
  expect(nine.outcome).toMatchObject({ status: "completed" });
  const model = new ScriptedModel([failing(11)]);
  const ten = await finish({ model, request: { enable_mcp: false } });
  expect(ten.outcome).toMatchObject({
    status: "failed",
    error: { code: "provider_unavailable", retryable: true },
  });
  expect(model.requests).toHaveLength(10);
  expect(ten.log.of("job.warning")).toHaveLength(9);
});

test("[agent.retry.bug] what is no fault of the model rejects the start", async () => {
  const start = startAgent({ script: [{ error: new TypeError("a bug") }], request: { enable_mcp: false } });
  await expect(start).rejects.toThrow("a bug");
});

test("[agent.cool_down.wait] a short cool-down is begun for all who use the provider, and waited for in place", async () => {
  const coolDowns = new ScriptedCoolDowns();
  const begin = vi.spyOn(coolDowns, "begin");
  const startedAt = Date.now();
  const { outcome } = await finish({
    coolDowns,
    script: [[faultyTurn(limited(5_000)), { text: "done" }]],
    request: { enable_mcp: false },
  });
  expect(outcome).toMatchObject({ status: "completed" });
  expect(begin).toHaveBeenCalledExactlyOnceWith(PROVIDER, startedAt + 5_000);
  expect(Date.now()).toBe(startedAt + 5_000);
});

test("[agent.cool_down.wait] a cool-down that is prolonged meanwhile is waited for again", async () => {
  const coolDowns = new ScriptedCoolDowns();
  const startedAt = Date.now();
  coolDowns.ends.set(PROVIDER, startedAt + 1_000);
  setTimeout(() => void coolDowns.begin(PROVIDER, startedAt + 3_000), 500);
  await finish({ coolDowns, script: [{ text: "done" }], request: { enable_mcp: false } });
  expect(Date.now()).toBe(startedAt + 3_000);
});

test("[agent.cool_down.park] a longer one parks the job, a little staggered, and the model is not asked", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const coolDowns = new ScriptedCoolDowns();
  const startedAt = Date.now();
  const first = await finish({
    coolDowns,
    script: [[faultyTurn(limited(60_000), "half a")]],
    request: { enable_mcp: false },
  });
  const parked = { status: "parked", reason: "cool_down", until: startedAt + 60_000 + 500 + 3_000 };
  expect(first.outcome).toEqual(parked);
  expect(first.log.types()).toEqual(["turn.started", "text.delta", "turn.discarded", "job.warning"]);

  const other = await finish({ coolDowns, script: [{ text: "done" }], request: { enable_mcp: false } });
  expect(other.outcome).toEqual(parked);
  expect(other.model.requests).toEqual([]);
  expect(other.log.steps).toEqual([]);

  vi.setSystemTime(startedAt + 60_000);
  const second = await finish({
    coolDowns,
    log: new ScriptedLog(first.log.steps),
    script: [{ text: "done" }],
    request: { enable_mcp: false },
  });
  expect(second.outcome).toMatchObject({ status: "completed" });
});

test("[agent.cool_down.grow] a turn that finished ends the growth", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999999);
  const coolDowns = new ScriptedCoolDowns();
  const begin = vi.spyOn(coolDowns, "begin");
  const faults = [faultyTurn(limited(null)), faultyTurn(limited(null))];
  const call = { id: "a", name: "files__read" };
  const startedAt = Date.now();
  await finish({
    coolDowns,
    tools: { files__read: {} },
    script: [
      [...faults, { calls: [call] }],
      [...faults, { text: "done" }],
    ],
  });
  const ends = begin.mock.calls.map(([, until]) => until - startedAt);
  expect(ends).toEqual([500, 1_500, 2_000, 3_000]);
});

test("[agent.cool_down.grow] a provider that names no time cools down longer each time, across starts too", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999999);
  const coolDowns = new ScriptedCoolDowns();
  const begin = vi.spyOn(coolDowns, "begin");
  let log = new ScriptedLog();
  const lengths: number[] = [];
  begin.mockImplementation(async (provider, until) => {
    lengths.push(until - Date.now());
    coolDowns.ends.set(provider, until);
  });
  for (let start = 0; start < 3; start += 1) {
    const { outcome, log: written } = await finish({
      coolDowns,
      log,
      script: [faultyTurn(limited(null))],
      request: { enable_mcp: false },
    });
    if (outcome.status !== "parked") throw new Error(outcome.status);
    vi.setSystemTime(outcome.until);
    log = new ScriptedLog(written.steps);
  }
  expect(lengths).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
});
