import { once } from "node:events";
import { expect, test } from "vitest";
import { ModelError } from "../src/model/model.ts";
import type { ToolCallRequest } from "../src/tool-call-request.ts";
import { hangingCall, ScriptedLog, startAgent, textOutcome } from "./scripted-agent.ts";

const ASK = { calls: [{ id: "c1", name: "files__read" }] };

test("[agent.drain] a start that is told to drain finishes its turn and its calls, and the next goes on after them", async () => {
  const log = new ScriptedLog();
  const draining = new AbortController();
  const read = {
    call: () => {
      draining.abort();
      return textOutcome("found");
    },
  };
  const first = await startAgent({
    log,
    tools: { files__read: read },
    script: [ASK],
    draining: draining.signal,
  });
  expect(first.outcome).toEqual({ status: "yielded" });
  expect(log.types().slice(-2)).toEqual(["tool.called", "tool.returned"]);
  const second = await startAgent({ log, tools: { files__read: {} }, script: [ASK, { text: "done" }] });
  expect(second.outcome).toMatchObject({ status: "completed", usage: { turns: 2, tool_calls: 1 } });
  expect(second.calls).toEqual([]);
  expect(log.types()).not.toContain("turn.discarded");
});

test("[agent.drain.end] a start that is told to drain ends its job all the same when nothing is left to ask", async () => {
  const draining = new AbortController();
  const log = new ScriptedLog();
  log.onWrite = (steps) => {
    if (steps.some(({ type }) => type === "text.delta")) draining.abort();
  };
  const { outcome } = await startAgent({ log, script: [{ text: "done" }], draining: draining.signal });
  expect(outcome).toMatchObject({ status: "completed", result: { text: "done" } });
});

test("[agent.drain.retry] a start that is told to drain leaves the next try of a turn to another", async () => {
  const draining = new AbortController();
  const log = new ScriptedLog();
  log.onWrite = (steps) => {
    if (steps.some((step) => step.type === "job.warning" && step.code === "model_retry")) draining.abort();
  };
  const error = new ModelError("provider_unavailable", "broken", { retry: "backoff" });
  const { outcome, model } = await startAgent({ log, script: [{ error }], draining: draining.signal });
  expect(outcome).toEqual({ status: "yielded" });
  expect(model.requests).toHaveLength(1);
});

/** A call that waits for a place until it is given up. */
async function waitForPlace(request: ToolCallRequest) {
  request.onWaiting?.("place");
  return await hangingCall(null)(request);
}

test("[agent.drain.postponed] a draining start postpones the calls that only wait, and the next one makes them", async () => {
  const log = new ScriptedLog();
  const draining = new AbortController();
  const calls = ["files__late", "files__append", "files__read"].map((name) => ({ id: name, name }));
  const script = [{ calls }, { text: "done" }];
  const read = () => {
    draining.abort();
    return textOutcome("found");
  };
  const late = async (request: ToolCallRequest) => {
    const drained = once(draining.signal, "abort");
    request.onWaiting?.("server");
    // It is sent, so the end of its worker does not touch it any more.
    await request.onRunning?.();
    await drained;
    request.signal.throwIfAborted();
    return textOutcome("sent");
  };
  const first = await startAgent({
    log,
    script,
    tools: {
      files__late: { call: late },
      files__append: { call: waitForPlace },
      files__read: { call: read },
    },
    draining: draining.signal,
  });
  expect(first.outcome).toEqual({ status: "yielded" });
  expect(log.of("tool.postponed")).toEqual([
    { type: "tool.postponed", tool_call_id: "files__append", tool: "files__append" },
  ]);
  expect(
    log
      .of("tool.returned")
      .map(({ tool }) => tool)
      .toSorted(),
  ).toEqual(["files__late", "files__read"]);
  const tools = { files__read: {}, files__append: {}, files__late: {} };
  const second = await startAgent({ log, script, tools });
  expect(second.outcome).toMatchObject({ status: "completed", usage: { tool_calls: 3 } });
  expect(second.calls.map(({ tool }) => tool)).toEqual(["append"]);
  expect(log.of("tool.returned").filter(({ is_error }) => is_error)).toEqual([]);
});

test("[agent.drain.postponed] a call that only waits is known not to have begun although another one outlasts the drain", async () => {
  const log = new ScriptedLog();
  const [draining, ending] = [new AbortController(), new AbortController()];
  log.onWrite = (steps) => {
    if (steps.some(({ type }) => type === "tool.called")) setImmediate(() => draining.abort());
    if (steps.some(({ type }) => type === "tool.postponed")) setImmediate(() => ending.abort());
  };
  const calls = ["files__append", "files__write"].map((name) => ({ id: name, name }));
  const script = [{ calls }, { text: "done" }];
  const { outcome } = await startAgent({
    log,
    script,
    tools: { files__append: { call: hangingCall(false) }, files__write: { call: waitForPlace } },
    draining: draining.signal,
    signal: ending.signal,
  });
  expect(outcome).toMatchObject({ status: "stopped", usage: { tool_calls: 1 } });
  log.onWrite = () => {};
  const second = await startAgent({ log, script, tools: { files__append: {}, files__write: {} } });
  expect(second.calls.map(({ tool }) => tool)).toEqual(["write"]);
  expect(log.of("tool.returned")).toMatchObject([
    { tool: "files__append", error: { code: "outcome_unknown" } },
    { tool: "files__write", error: null },
  ]);
});

test("[agent.drain.postponed] an approved call that is postponed keeps its approval and its arguments", async () => {
  const log = new ScriptedLog();
  const script = [{ calls: [{ id: "c1", name: "files__write" }] }, { text: "done" }];
  const write = { policy: "always" as const };
  await startAgent({ log, script, tools: { files__write: write } });
  const call = { tool_call_id: "c1", tool: "files__write" };
  const edited = { path: "b" };
  const past = [
    ...log.steps,
    { type: "approval.resolved", ...call, decision: "approve", reason: null, arguments: edited } as const,
  ];
  const draining = new AbortController();
  const later = new ScriptedLog(past);
  later.onWrite = (steps) => {
    if (steps.some(({ type }) => type === "tool.called")) draining.abort();
  };
  const tools = { files__write: { ...write, call: waitForPlace } };
  const second = await startAgent({ log: later, script, tools, draining: draining.signal });
  expect(second.outcome).toEqual({ status: "yielded" });
  const third = await startAgent({ log: later, script, tools: { files__write: write } });
  expect(third.outcome).toMatchObject({ status: "completed", usage: { tool_calls: 1 } });
  expect(third.calls).toMatchObject([{ arguments: edited }]);
  expect(later.of("approval.requested")).toHaveLength(1);
});
