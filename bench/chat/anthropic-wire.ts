import type { Task } from "./task.ts";

/** Frames of a streamed answer (https://docs.claude.com/en/api/messages-streaming), as far as the bench needs them. */

function frame(type: string, fields: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

const INPUT_TOKENS = 100;
const OUTPUT_TOKENS = 20;

export const beginAnswer = frame("message_start", {
  message: {
    id: "msg_bench",
    type: "message",
    role: "assistant",
    model: "bench",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: INPUT_TOKENS, output_tokens: 1 },
  },
});

export const textStart = frame("content_block_start", {
  index: 0,
  content_block: { type: "text", text: "" },
});

export function textDelta(text: string): string {
  return frame("content_block_delta", { index: 0, delta: { type: "text_delta", text } });
}

let calls = 0;

/** A whole block that calls a tool. */
export function toolUse(name: string, input: object): string {
  calls += 1;
  const block = { type: "tool_use", id: `toolu_bench${calls}`, name, input: {} };
  const delta = { type: "input_json_delta", partial_json: JSON.stringify(input) };
  return (
    frame("content_block_start", { index: 0, content_block: block }) +
    frame("content_block_delta", { index: 0, delta })
  );
}

/** Closes the open block and the answer. */
export function endAnswer(stopReason: "end_turn" | "tool_use"): string {
  return (
    frame("content_block_stop", { index: 0 }) +
    frame("message_delta", {
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: OUTPUT_TOKENS },
    }) +
    frame("message_stop")
  );
}

interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly text?: string }[];
}

/** What a request asks for: the task in its first message, and the turns that there have been, from 0. */
export function turnAndTask(body: string): { turn: number; task: Task } {
  const { messages } = JSON.parse(body) as { messages: readonly Message[] };
  const content = messages[0]?.content ?? "";
  const text = typeof content === "string" ? content : (content[0]?.text ?? "");
  const turn = messages.filter(({ role }) => role === "assistant").length;
  return { turn, task: JSON.parse(text) as Task };
}
