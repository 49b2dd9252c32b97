import { expect, test } from "vitest";
import { ConversationLog, type ConversationMessage, type JobStep } from "@millrace/contracts";
import { hangingCall, ScriptedLog, startAgent, textOutcome, type ScriptedTool } from "./scripted-agent.ts";
import { resultOf, type ScriptEntry } from "./scripted-model.ts";

const READ_ONLY = { readOnlyHint: true };
const TOOLS: Record<string, ScriptedTool> = {
  files__read: { annotations: READ_ONLY },
  files__fail: { annotations: READ_ONLY, call: () => textOutcome("failed", true) },
};

/** Tools of every kind of end, thinking, and an id that a provider uses twice. */
const SCRIPT: ScriptEntry[] = [
  {
    thinking: "hm",
    deltas: [{ type: "thinking", text: "hm" }],
    calls: [
      { id: "a", name: "files__read", input: { n: 1 } },
      { id: "b", name: "read", input: { n: 2 } },
      { id: "c", name: "nothing" },
      { id: "d", name: "files__read", malformed_input: "{" },
    ],
  },
  { text: "more", calls: [{ id: "a", name: "files__fail" }] },
  { text: "done" },
];

const OPENING: ConversationMessage[] = [{ role: "user", content: [{ type: "text", text: "hello" }] }];

function conversation({ steps }: ScriptedLog): ConversationMessage[] {
  const made = new ConversationLog(OPENING);
  for (const step of steps) made.add(step);
  return made.messages;
}

const resume = (past: readonly JobStep[], changes: object = {}) =>
  startAgent({ log: new ScriptedLog(past), script: SCRIPT, tools: TOOLS, ...changes });

function prefixes(steps: readonly JobStep[]): JobStep[][] {
  return Array.from({ length: steps.length + 1 }, (_unused, length) => steps.slice(0, length));
}

test.each([
  ["to its end", {}],
  ["to its last iteration", { max_tool_iterations: 2 }],
  ["until its budget of calls is spent", { budget: { max_tool_calls: 1 } }],
  ["until its budget of tokens is spent", { budget: { max_tokens: 220 } }],
])(
  "[agent.resume.anywhere] a job that ran %s and was cut off at any step ends as if it had not been",
  async (_what, request) => {
    const whole = await resume([], { request });
    expect(whole.outcome.status).toBe("completed");
    for (const past of prefixes(whole.log.steps)) {
      const { outcome, log } = await resume(past, { request });
      const where = `cut after ${past.length} steps: ${past.at(-1)?.type}`;
      expect(conversation(log), where).toEqual(conversation(whole.log));
      expect(outcome, where).toEqual(whole.outcome);
    }
  },
);

test("[agent.resume.once] no turn that finished is asked for again, and no call that returned is made again", async () => {
  const whole = await resume([]);
  for (const past of prefixes(whole.log.steps)) {
    const { calls, model } = await resume(past);
    const count = (type: string) => past.filter((step) => step.type === type).length;
    expect(model.requests).toHaveLength(SCRIPT.length - count("turn.finished"));
    const answered = past.filter((step) => step.type === "tool.returned" && step.execution_time_ms !== null);
    expect(calls).toHaveLength(whole.calls.length - answered.length);
  }
});

test("[agent.resume.discard] a turn that was cut off is taken back before anything else is written", async () => {
  const started: JobStep = { type: "turn.started", turn: 1, model: "scripted" };
  const { log } = await resume([started, { type: "text.delta", turn: 1, text: "half a" }]);
  expect(log.steps.slice(2, 4)).toMatchObject([
    { type: "turn.discarded", turn: 1, reason: expect.stringContaining("cut off") },
    { type: "turn.started", turn: 1 },
  ]);
  const again = await resume([started, { type: "turn.discarded", turn: 1, reason: "before" }]);
  expect(again.log.of("turn.discarded")).toHaveLength(1);
});

test("[agent.resume.unknown] a call that was begun runs again if that does no harm; of any other the model is told that nothing is known", async () => {
  const tools = {
    files__read: { annotations: READ_ONLY },
    files__put: { annotations: { idempotentHint: true } },
    files__append: {},
  };
  const names = Object.keys(tools);
  const script = [{ calls: names.map((name) => ({ id: name, name })) }, { text: "done" }];
  const whole = await startAgent({ tools, script });
  const cut = whole.log.types().lastIndexOf("tool.called") + 1;
  const { log, calls, model, outcome } = await startAgent({
    tools,
    script,
    log: new ScriptedLog(whole.log.steps.slice(0, cut)),
  });
  expect(calls.map(({ tool }) => tool)).toEqual(["read", "put"]);
  // Each of them once more, so that this start's own intent is stored.
  expect(log.of("tool.called").map(({ tool }) => tool)).toEqual([...names, "files__read", "files__put"]);
  expect(resultOf(model.requests[0], "files__append")).toMatchObject({
    is_error: true,
    content: [{ text: expect.stringMatching(/unknown.*may or may not/) }],
  });
  expect(outcome).toMatchObject({ status: "completed", usage: { tool_calls: 3 } });
});

test("[agent.resume.warnings] what was warned of once is not said again", async () => {
  const script = [{ calls: [{ id: "a", name: "read" }] }, { text: "done" }];
  const whole = await startAgent({ script });
  expect(whole.log.of("job.warning")).toHaveLength(1);
  const { log } = await startAgent({ script, log: new ScriptedLog(whole.log.steps.slice(0, 3)) });
  expect(log.of("job.warning")).toHaveLength(1);
});

test("[agent.resume.order] results that came before a crash and after it stand in the order of their calls", async () => {
  const abort = new AbortController();
  const calls = ["a", "b"].map((id) => ({ id, name: id === "a" ? "files__read" : "files__fail" }));
  const script = [{ calls }, { text: "done" }];
  const log = new ScriptedLog();
  log.onWrite = (steps) => {
    if (steps.some(({ type }) => type === "tool.returned")) abort.abort();
  };
  await startAgent({
    log,
    script,
    signal: abort.signal,
    tools: { ...TOOLS, files__read: { annotations: READ_ONLY, call: hangingCall(true) } },
  });
  const { model } = await startAgent({ log: new ScriptedLog(log.steps), script, tools: TOOLS });
  expect(model.requests[0]?.messages.at(-1)?.content).toMatchObject([
    { tool_use_id: "a", is_error: false },
    { tool_use_id: "b", is_error: true },
  ]);
});
