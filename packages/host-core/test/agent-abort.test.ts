import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import type { ToolCallRequest } from "../src/tool-call-request.ts";
import { ModelError } from "../src/model/model.ts";
import { hangingCall, ScriptedCoolDowns, ScriptedLog, startAgent, textOutcome } from "./scripted-agent.ts";

afterEach(() => void vi.useRealTimers());

const NOTHING = { completed: [], stopped: [], ignored: [], model_stopped: false };

const calls = (...names: string[]) => ({ calls: names.map((name) => ({ id: `id_${name}`, name })) });

const named = (...names: string[]) => names.map((tool) => ({ tool_call_id: `id_${tool}`, tool }));

/** A log that aborts when a step of that type is written for the nth time, and sees whether anything comes after. */
function abortingAt(type: string, nth = 1) {
  const controller = new AbortController();
  const log = new ScriptedLog();
  let seen = 0;
  let writtenAtAbort = -1;
  log.onWrite = (steps) => {
    seen += steps.filter((step) => step.type === type).length;
    if (seen < nth || writtenAtAbort >= 0) return;
    writtenAtAbort = log.writes.length;
    // When this write has been stored, and what waits for it has gone on.
    setImmediate(() =>
      setImmediate(() =>
        setImmediate(() => {
          writtenAtAbort = log.writes.length;
          controller.abort(new Error("cancelled"));
        }),
      ),
    );
  };
  return { log, signal: controller.signal, silent: () => log.writes.length === writtenAtAbort };
}

/** Ends when it is aborted; whether its server gave in is never known. */
function withoutProof(request: ToolCallRequest) {
  return hangingCall(Promise.reject(new Error("the proof is lost")))(request);
}

async function answerLate({ signal }: ToolCallRequest) {
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return textOutcome("late");
}

function aborting() {
  const controller = new AbortController();
  const abort = () => void setImmediate(() => controller.abort());
  return { log: new ScriptedLog(), signal: controller.signal, abort };
}

test("[agent.abort.before] a start whose signal has aborted does nothing, and names the calls that an earlier one had begun", async () => {
  const whole = await startAgent({
    tools: { files__read: {} },
    script: [calls("files__read"), { text: "done" }],
  });
  const called = whole.log.types().indexOf("tool.called") + 1;
  const log = new ScriptedLog(whole.log.steps.slice(0, called));
  const { outcome, model } = await startAgent({ log, signal: AbortSignal.abort() });
  expect(outcome).toMatchObject({
    status: "stopped",
    // Nobody has proof that it has stopped.
    cancellation: { ...NOTHING, ignored: named("files__read") },
    usage: { turns: 1, tool_calls: 1 },
  });
  expect(log.writes).toEqual([]);
  expect(model.requests).toEqual([]);
});

test("[agent.abort.model] an abort ends the model's answer, says so, and nothing more is written", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  onTestFinished(() => void vi.useRealTimers());
  const { log, signal, silent } = abortingAt("text.delta");
  const deltas = [{ type: "text", text: "half" } as const, { type: "text", text: " a" } as const];
  const { outcome, model } = await startAgent({
    log,
    signal,
    tools: { files__read: {} },
    script: [calls("files__read"), { deltas, hangs: true }],
  });
  expect(outcome).toEqual({
    status: "stopped",
    usage: expect.objectContaining({ turns: 1, tool_calls: 1 }),
    cancellation: { ...NOTHING, completed: named("files__read"), model_stopped: true },
  });
  expect(model.requests.at(-1)?.signal.aborted).toBe(true);
  // Whatever was still to be written later is due by then.
  await vi.runAllTimersAsync();
  expect(silent()).toBe(true);
});

test("[agent.abort.model] a model's fault that comes with the abort is no fault", async () => {
  const controller = new AbortController();
  const log = new ScriptedLog();
  log.onWrite = () => controller.abort();
  const error = new ModelError("provider_auth", "cut off", { retry: "never" });
  const { outcome } = await startAgent({ log, script: [{ error }], signal: controller.signal });
  expect(outcome).toMatchObject({ status: "stopped" });
});

test("[agent.abort.tools] an abort tells which calls had run, which have stopped, and which ignored it", async () => {
  const { log, signal, silent } = abortingAt("tool.returned", 2);
  const { outcome, calls: made } = await startAgent({
    log,
    signal,
    tools: {
      a__done: {},
      b__stops: { call: hangingCall(true) },
      c__ignores: { call: hangingCall(false) },
      d__waits: { call: hangingCall(null) },
      e__fails: { call: withoutProof },
    },
    script: [calls("a__done"), calls("b__stops", "c__ignores", "d__waits", "e__fails", "nothing")],
  });
  expect(made.slice(1).every((request) => request.signal.aborted)).toBe(true);
  expect(outcome).toMatchObject({
    status: "stopped",
    usage: { turns: 2, tool_calls: 5 },
    cancellation: {
      completed: named("a__done"),
      stopped: named("b__stops", "d__waits"),
      ignored: named("c__ignores", "e__fails"),
      model_stopped: false,
    },
  });
  expect(silent()).toBe(true);
});

test("[agent.abort.tools] a call that was answered when nobody waited any more has run", async () => {
  const { log, signal } = abortingAt("tool.called");
  const { outcome } = await startAgent({
    log,
    signal,
    tools: { files__read: { call: answerLate } },
    script: [calls("files__read")],
  });
  expect(outcome).toMatchObject({ status: "stopped", cancellation: { completed: named("files__read") } });
  expect(log.of("tool.returned")).toEqual([]);
});

test("[agent.abort.bounded] a call that never settles has ignored the abort after 5.5 s", async () => {
  vi.useFakeTimers({ toNotFake: ["setImmediate", "clearImmediate"] });
  const { log, signal } = abortingAt("tool.called");
  const never = new Promise<never>(() => {});
  const tools = {
    files__read: { call: () => never },
    files__stop: { call: hangingCall(never) },
  };
  let isOver = false;
  const finished = startAgent({ log, signal, tools, script: [calls("files__read", "files__stop")] });
  void finished.then(() => (isOver = true));
  await vi.waitFor(() => expect(signal.aborted).toBe(true), 20_000);
  await vi.advanceTimersByTimeAsync(5_400);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  const { outcome } = await finished;
  expect(outcome).toMatchObject({
    status: "stopped",
    cancellation: { ...NOTHING, ignored: named("files__read", "files__stop") },
  });
  expect(vi.getTimerCount()).toBe(0);
});

test("[agent.abort.waiting] an abort ends every wait: for a store, a cool-down, a retry", async () => {
  // They would wait for ever.
  vi.useFakeTimers({ toNotFake: ["setImmediate", "clearImmediate"] });
  const stored = aborting();
  stored.log.onWrite = async (steps) => {
    if (!steps.some(({ type }) => type === "turn.finished")) return;
    stored.abort();
    await new Promise(() => {});
  };
  const cooling = aborting();
  const coolDowns = new ScriptedCoolDowns();
  vi.spyOn(coolDowns, "until").mockImplementation(async () => {
    cooling.abort();
    return Date.now() + 4_000;
  });
  const asking = aborting();
  const silent = new ScriptedCoolDowns();
  vi.spyOn(silent, "until").mockImplementation(() => {
    asking.abort();
    return new Promise(() => {});
  });
  const retrying = aborting();
  retrying.log.onWrite = (steps) => {
    if (steps.some((step) => step.type === "job.warning" && step.code === "model_retry")) retrying.abort();
  };
  const error = new ModelError("provider_unavailable", "busy", { retry: "backoff" });
  const script = [{ text: "done" }];
  const outcomes = [
    await startAgent({ ...stored, script }),
    await startAgent({ ...cooling, script, coolDowns }),
    await startAgent({ ...asking, script, coolDowns: silent }),
    await startAgent({ ...retrying, script: [{ error }] }),
  ].map(({ outcome }) => outcome);
  expect(outcomes).toMatchObject(outcomes.map(() => ({ status: "stopped", cancellation: NOTHING })));
});

test("[agent.abort.lost] a start that has lost its job stops, and its refused writes are no unhandled rejections", async () => {
  const controller = new AbortController();
  const log = new ScriptedLog();
  log.onWrite = async ([step]) => {
    if (step?.type !== "text.delta") return;
    controller.abort(new Error("lost"));
    throw new Error("this run does not hold the job");
  };
  const { outcome } = await startAgent({
    log,
    signal: controller.signal,
    script: [{ text: "one" }],
  });
  expect(outcome).toMatchObject({ status: "stopped" });
});
