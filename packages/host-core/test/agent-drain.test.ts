import { expect, test } from "vitest";
import { ModelError } from "../src/model/model.ts";
import { ScriptedLog, startAgent, textOutcome } from "./scripted-agent.ts";

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
