import { expect, test } from "vitest";
import type { AssistantBlock, ConversationMessage } from "./conversation.ts";
import { closeConversation, ConversationLog } from "./conversation-log.ts";
import type { JobStep } from "./event.ts";

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

function foldConversation(opening: ConversationMessage[], steps: JobStep[]): ConversationMessage[] {
  const log = new ConversationLog(opening);
  for (const step of steps) log.add(step);
  return log.messages;
}

const closing = (id: string) => ({
  ...result(id, true),
  content: [{ type: "text" as const, text: "did not run: the job ended before" }],
});

test("[contract.conversation.fold] a job's steps make its conversation, results in the order of their calls", () => {
  const thinking: AssistantBlock = { type: "thinking", thinking: "hm", signature: "" };
  const steps: JobStep[] = [
    { type: "turn.started", turn: 1, model: "default" },
    { type: "text.delta", turn: 1, text: "lost" },
    { type: "turn.discarded", turn: 1, reason: "cut off" },
    { type: "turn.started", turn: 1, model: "default" },
    finished(1, thinking, call("a"), call("b")),
    { type: "tool.called", tool_call_id: "a", tool: "files__read", arguments: {} },
    returned("b", true),
    { type: "job.parked", reason: "approval", until: "2027-01-01T00:00:00Z" },
    returned("a"),
    finished(2, call("c")),
    returned("c"),
    finished(3, { type: "text", text: "done" }),
    finished(4),
  ];
  expect(foldConversation([user("hello")], steps)).toEqual([
    user("hello"),
    assistant(thinking, call("a"), call("b")),
    { role: "user", content: [result("a"), result("b", true)] },
    assistant(call("c")),
    { role: "user", content: [result("c")] },
    assistant({ type: "text", text: "done" }),
  ]);
});

test("[contract.conversation.close] each call without a result gets one that says that it did not run", () => {
  const open = foldConversation(
    [user("hello")],
    [finished(1, call("a")), returned("a"), finished(2, call("b"), call("c"), call("d")), returned("c")],
  );
  expect(closeConversation(open)).toEqual([
    ...open.slice(0, -1),
    { role: "user", content: [closing("b"), result("c"), closing("d")] },
  ]);
  const cutOff = [user("hello"), assistant(call("a"), call("b"))];
  const closed = [...cutOff, { role: "user", content: [closing("a"), closing("b")] }];
  expect(closeConversation(cutOff)).toEqual(closed);
  expect(closeConversation([...cutOff, user("and now?")])).toEqual([...closed, user("and now?")]);
});

test("[contract.conversation.close] a conversation with all its results stays as it is", () => {
  const whole = foldConversation([user("hello")], [finished(1, call("a")), returned("a"), finished(2)]);
  expect(closeConversation(whole)).toEqual(whole);
  expect(closeConversation([])).toEqual([]);
});
