import { expect, test } from "vitest";
import type { ConversationMessage } from "@millrace/contracts";
import { ModelError } from "../src/model/model.ts";
import { ScriptedLog, startAgent } from "./scripted-agent.ts";
import type { ScriptedTurn } from "./scripted-model.ts";

const READ = { id: "a", name: "files__read", input: { path: "x" } };
const done = { text: "done" };

test("[agent.turn.answer] a turn is begun, streamed and finished, and its text is the job's", async () => {
  const deltas = [
    { type: "thinking", text: "hm" } as const,
    { type: "text", text: "Hello " } as const,
    { type: "text", text: "you" } as const,
  ];
  const usage = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 10_000, cacheWriteTokens: 500 };
  const { outcome, log, model } = await startAgent({
    script: [{ text: "Hello you", thinking: "hm", deltas, usage }],
    request: { system: "Be brief.", temperature: 0.5, enable_mcp: false },
  });
  const content = [
    { type: "thinking", thinking: "hm", signature: "" },
    { type: "text", text: "Hello you" },
  ];
  const turnUsage = {
    input_tokens: 1_000,
    output_tokens: 100,
    cache_read_tokens: 10_000,
    cache_write_tokens: 500,
    cost_usd: 0.004,
  };
  expect(outcome).toEqual({
    status: "completed",
    result: { message: { role: "assistant", content }, text: "Hello you", stop_reason: "end_turn" },
    usage: { ...turnUsage, turns: 1, tool_calls: 0 },
  });
  expect(log.steps).toEqual([
    { type: "turn.started", turn: 1, model: "scripted" },
    { type: "thinking.delta", turn: 1, text: "hm" },
    { type: "text.delta", turn: 1, text: "Hello you" },
    {
      type: "turn.finished",
      turn: 1,
      stop_reason: "end_turn",
      usage: turnUsage,
      message: { role: "assistant", content },
    },
  ]);
  expect(model.requests).toMatchObject([
    {
      system: "Be brief.",
      temperature: 0.5,
      maxTokens: 1_000,
      toolChoice: "auto",
      tools: [],
      messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }],
    },
  ]);
});

test("[agent.turn.previous] the conversation of an earlier job comes first, and its call ids are not used again", async () => {
  const earlier = { type: "tool_use" as const, id: "a", name: "files__read", input: {} };
  const previous: ConversationMessage[] = [
    { role: "user", content: [{ type: "text", text: "before" }] },
    { role: "assistant", content: [earlier] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: [], is_error: false }] },
    { role: "assistant", content: [{ type: "text", text: "so" }] },
  ];
  const { model, log } = await startAgent({
    previous,
    tools: { files__read: {} },
    // The opening has two turns; the first two entries stand for them.
    script: [done, done, { calls: [READ] }, done],
    request: { message: "and now?" },
  });
  const opening = [...previous, { role: "user", content: [{ type: "text", text: "and now?" }] }];
  expect(model.requests[0]?.messages).toEqual(opening);
  expect(model.requests[1]?.messages.slice(0, 5)).toEqual(opening);
  expect(log.of("tool.returned").map(({ tool_call_id }) => tool_call_id)).toEqual(["a_2"]);
});

test("[agent.stop.iterations] the tools of the last turn that may ask for them still run, and no turn comes after", async () => {
  const { outcome, log, model } = await startAgent({
    tools: { files__read: {} },
    script: [{ calls: [READ] }, { text: "more", calls: [{ ...READ, id: "b" }] }],
    request: { max_tool_iterations: 2 },
  });
  expect(outcome).toMatchObject({
    status: "completed",
    result: { text: "more", stop_reason: "max_tool_iterations" },
    usage: { turns: 2, tool_calls: 2 },
  });
  expect(log.types().at(-1)).toBe("tool.returned");
  expect(model.requests).toHaveLength(2);
});

test.each([
  ["max_tokens", /cut off/],
  ["refusal", /refused/],
] as const)(
  "[agent.stop.cut] the tools of a turn that ended with %s do not run, and its conversation stays whole",
  async (stopReason, because) => {
    const { outcome, log, calls } = await startAgent({
      tools: { files__read: { policy: "always" } },
      script: [{ text: "I will", calls: [READ], stopReason }],
    });
    expect(outcome).toMatchObject({
      status: "completed",
      result: { text: "I will", stop_reason: stopReason },
      usage: { tool_calls: 0 },
    });
    expect(calls).toEqual([]);
    expect(log.writes.at(-1)?.map(({ type }) => type)).toEqual(["turn.finished", "tool.returned"]);
    expect(log.of("tool.returned")).toMatchObject([
      {
        tool_call_id: "a",
        is_error: true,
        execution_time_ms: null,
        result: { content: [{ text: because }] },
      },
    ]);
  },
);

test.each([
  ["tokens", { max_tokens: 110 }],
  ["costs", { max_cost_usd: 0.0001 }],
])(
  "[agent.stop.budget] when the budget of %s is spent, no tool is called any more",
  async (_what, budget) => {
    const { outcome, log, calls, model } = await startAgent({
      tools: { files__read: { policy: "always" } },
      script: [{ text: "I will", calls: [READ] }, done],
      request: { budget },
    });
    expect(outcome).toMatchObject({
      status: "completed",
      result: { text: "I will", stop_reason: "budget_exhausted" },
      usage: { turns: 1, tool_calls: 0, input_tokens: 100, output_tokens: 10, cost_usd: 0.0002 },
    });
    expect(calls).toEqual([]);
    expect(model.requests).toHaveLength(1);
    const text = "This call did not run: the job's budget is spent.";
    expect(log.of("tool.returned")).toMatchObject([{ is_error: true, result: { content: [{ text }] } }]);
  },
);

test("[agent.stop.budget] of a turn's calls as many run as the budget has places, and then the job ends", async () => {
  const READS = ["a", "b", "c"].map((id) => ({ ...READ, id }));
  const start = (max_tool_calls: number) =>
    startAgent({
      tools: { files__read: {} },
      script: [{ calls: READS }, done],
      request: { budget: { max_tool_calls } },
    });
  const short = await start(2);
  expect(short.outcome).toMatchObject({
    result: { stop_reason: "budget_exhausted" },
    usage: { tool_calls: 2, turns: 1 },
  });
  expect(short.calls).toHaveLength(2);
  const enough = await start(3);
  expect(enough.outcome).toMatchObject({ result: { stop_reason: "end_turn" }, usage: { tool_calls: 3 } });
});

test("[agent.stop.output] each turn may have what the budget of tokens has left", async () => {
  const { model } = await startAgent({
    tools: { files__read: {} },
    script: [{ calls: [READ] }, done],
    request: { max_tokens: 150, budget: { max_tokens: 200 } },
  });
  expect(model.requests.map(({ maxTokens }) => maxTokens)).toEqual([150, 90]);
});

test("[agent.journal.failure] a step that cannot be stored rejects the start, also one that nothing waited for", async () => {
  const error = new ModelError("provider_auth", "Set the key.", { retry: "never" });
  const start = async (type: string, turn: ScriptedTurn) => {
    const log = new ScriptedLog();
    log.onWrite = async ([step]) => {
      if (step?.type === type) throw new Error("the store is away");
    };
    await startAgent({ log, script: [turn] });
  };
  await expect(start("turn.started", done)).rejects.toThrow("the store is away");
  await expect(start("turn.finished", { text: "done", deltas: [] })).rejects.toThrow("the store is away");
  await expect(start("turn.discarded", { error, text: "half a" })).rejects.toThrow("the store is away");
});
