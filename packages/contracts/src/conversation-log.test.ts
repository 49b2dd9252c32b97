import { expect, test } from "vitest";
import type { AssistantBlock, ConversationMessage } from "./conversation.ts";
import { ConversationLog } from "./conversation-log.ts";
import type { JobStep } from "./event.ts";
import { UNKNOWN_OUTCOME } from "./unknown-outcome.ts";

const user = (text: string): ConversationMessage => ({ role: "user", content: [{ type: "text", text }] });

const call = (id: string): AssistantBlock => ({ type: "tool_use", id, name: "files__read", input: {} });

const assistant = (...content: AssistantBlock[]): ConversationMessage => ({ role: "assistant", content });

const usage = { input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, cost_usd: 0 };

const finished = (turn: number, ...content: AssistantBlock[]): JobStep => ({
  type: "turn.finished",
  turn,
  stop_reason: "tool_use",
  usage,
  message: { role: "assistant", content },
});

const returned = (tool_call_id: string, is_error = false): JobStep => ({
  type: "tool.returned",
  tool_call_id,
  tool: "files__read",
  result: { content: [{ type: "text", text: `result of ${tool_call_id}` }], structured_content: null },
  is_error,
  error: null,
  execution_time_ms: 1,
});

const result = (id: string, is_error = false) => ({
  type: "tool_result" as const,
  tool_use_id: id,
  content: [{ type: "text" as const, text: `result of ${id}` }],
  is_error,
});

const called = (tool_call_id: string): JobStep => ({
  type: "tool.called",
  tool_call_id,
  tool: "files__read",
  arguments: {},
});

function fold(opening: ConversationMessage[], steps: JobStep[]): ConversationLog {
  const log = new ConversationLog(opening);
  for (const step of steps) log.add(step);
  return log;
}

const closing = (id: string, text: string) => ({
  ...result(id, true),
  content: [{ type: "text" as const, text }],
});
const didNotRun = (id: string) => closing(id, "did not run: the job ended before");
const unknown = (id: string) => closing(id, UNKNOWN_OUTCOME);

test("[contract.conversation.fold] a job's steps make its conversation, results in the order of their calls", () => {
  const thinking: AssistantBlock = { type: "thinking", thinking: "hm", signature: "" };
  const steps: JobStep[] = [
    { type: "turn.started", turn: 1, model: "default" },
    { type: "text.delta", turn: 1, text: "lost" },
    { type: "turn.discarded", turn: 1, reason: "cut off" },
    { type: "turn.started", turn: 1, model: "default" },
    finished(1, thinking, call("a"), call("b")),
    called("a"),
    returned("b", true),
    { type: "job.parked", reason: "approval", until: "2027-01-01T00:00:00Z" },
    returned("a"),
    finished(2, call("c")),
    returned("c"),
    finished(3, { type: "text", text: "done" }),
    finished(4),
  ];
  expect(fold([user("hello")], steps).messages).toEqual([
    user("hello"),
    assistant(thinking, call("a"), call("b")),
    { role: "user", content: [result("a"), result("b", true)] },
    assistant(call("c")),
    { role: "user", content: [result("c")] },
    assistant({ type: "text", text: "done" }),
  ]);
});

test("[contract.conversation.close] each call that was not made, or was postponed, gets a result that says that it did not run", () => {
  const postponed: JobStep = { type: "tool.postponed", tool_call_id: "d", tool: "files__read" };
  const steps = [finished(1, call("a")), returned("a"), finished(2, call("b"), call("c"), call("d"))];
  const { messages, closed } = fold([user("hello")], [...steps, returned("c"), called("d"), postponed]);
  const results = { role: "user", content: [didNotRun("b"), result("c"), didNotRun("d")] };
  expect(closed).toEqual([...messages.slice(0, -1), results]);
  expect(fold([], [finished(1, call("a"), call("b"))]).closed).toEqual([
    assistant(call("a"), call("b")),
    { role: "user", content: [didNotRun("a"), didNotRun("b")] },
  ]);
});

test("[contract.conversation.close.unknown] a call that was made and has not returned gets a result that says that it may have happened", () => {
  const turn = finished(1, call("a"), call("b"), call("c"));
  const { closed } = fold([], [turn, called("a"), called("b"), returned("b")]);
  expect(closed.at(-1)).toEqual({ role: "user", content: [unknown("a"), result("b"), didNotRun("c")] });
  expect(UNKNOWN_OUTCOME).toContain("may or may not have happened");
});

test("[contract.conversation.close] a conversation with all its results stays as it is", () => {
  const steps = [finished(1, call("a")), called("a"), returned("a"), finished(2)];
  const { messages, closed } = fold([user("hello")], steps);
  expect(closed).toEqual(messages);
  expect(fold([], []).closed).toEqual([]);
});
