import type {
  ContentBlock,
  Message,
  RawContentBlockDelta,
  RawMessageStreamEvent,
  RefusalStopDetails,
  Usage,
} from "@anthropic-ai/sdk/resources/messages";
import { newId, splitText, type Answer } from "../answer.ts";
import { StreamPieces } from "../stream-pieces.ts";
import {
  EVENT_STREAM,
  wholeAnswer,
  type Answering,
  type RequestBody,
  type WireAnswer,
} from "../wire-format.ts";

/** A stream begins with a first count of the output; the last event has the whole count, not what is added. */
const OUTPUT_TOKENS_AT_START = 1;

const SIGNATURE = "c2lnbmVkIGJ5IHRoZSBzY3JpcHRlZCBtb2RlbA==";

export function serverSentEvent(data: { readonly type: string }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Lets the compiler check an event against the SDK's types. */
const event = (data: RawMessageStreamEvent) => serverSentEvent(data);

export function wholeMessage({ answer, body }: Answering): WireAnswer {
  return wholeAnswer({
    ...emptyMessage(body, usageOf(answer, answer.script.usage.output)),
    content: contentOf(answer),
    stop_reason: answer.stopReason,
    stop_details: stopDetails(answer),
  } satisfies Message);
}

export function streamMessage({ answer, body }: Answering): WireAnswer {
  const start = emptyMessage(body, usageOf(answer, OUTPUT_TOKENS_AT_START));
  const stream = new StreamPieces();
  for (const [index, block] of streamedBlocks(answer).entries()) streamBlock(stream, index, block);
  return {
    contentType: EVENT_STREAM,
    opening: event({ type: "message_start", message: start }) + serverSentEvent({ type: "ping" }),
    pieces: stream.pieces,
    closing: stream.rest + messageEnd(answer) + event({ type: "message_stop" }),
  };
}

function messageEnd(answer: Answer): string {
  const { usage } = answer.script;
  return event({
    type: "message_delta",
    delta: {
      container: null,
      stop_details: stopDetails(answer),
      stop_reason: answer.stopReason,
      stop_sequence: null,
    },
    usage: {
      input_tokens: usage.input,
      output_tokens: usage.output,
      cache_creation_input_tokens: usage.cache_write,
      cache_read_input_tokens: usage.cache_read,
      output_tokens_details: null,
      server_tool_use: null,
    },
  });
}

interface StreamedBlock {
  readonly start: ContentBlock;
  readonly deltas: readonly RawContentBlockDelta[];
  /** Comes last and does not count as one of the script's deltas. */
  readonly signature?: RawContentBlockDelta;
}

function streamedBlocks(answer: Answer): StreamedBlock[] {
  const length = answer.script.chunk_length;
  const blocks: StreamedBlock[] = answer.calls.map(({ id, name, inputText }) => ({
    start: { type: "tool_use", id, name, input: {}, caller: { type: "direct" } },
    deltas: splitText(inputText, length).map((json) => ({ type: "input_json_delta", partial_json: json })),
  }));
  if (answer.text !== "") {
    blocks.unshift({
      start: { type: "text", text: "", citations: null },
      deltas: splitText(answer.text, length).map((text) => ({ type: "text_delta", text })),
    });
  }
  if (answer.thinking !== "") {
    blocks.unshift({
      start: { type: "thinking", thinking: "", signature: "" },
      deltas: splitText(answer.thinking, length).map((thinking) => ({ type: "thinking_delta", thinking })),
      signature: { type: "signature_delta", signature: SIGNATURE },
    });
  }
  return blocks;
}

function streamBlock(stream: StreamPieces, index: number, { start, deltas, signature }: StreamedBlock): void {
  stream.frame(event({ type: "content_block_start", index, content_block: start }));
  for (const delta of deltas) stream.delta(event({ type: "content_block_delta", index, delta }));
  if (signature) stream.frame(event({ type: "content_block_delta", index, delta: signature }));
  stream.frame(event({ type: "content_block_stop", index }));
}

function contentOf({ thinking, text, calls }: Answer): ContentBlock[] {
  const content: ContentBlock[] = [];
  if (thinking !== "") content.push({ type: "thinking", thinking, signature: SIGNATURE });
  if (text !== "") content.push({ type: "text", text, citations: null });
  for (const { id, name, inputText } of calls) {
    content.push({ type: "tool_use", id, name, input: parsedOrText(inputText), caller: { type: "direct" } });
  }
  return content;
}

/** Without streaming, an input that is no JSON can only be sent as a string. */
function parsedOrText(inputText: string): unknown {
  try {
    return JSON.parse(inputText);
  } catch {
    return inputText;
  }
}

function emptyMessage(body: RequestBody, usage: Usage): Message {
  return {
    id: newId("msg_"),
    type: "message",
    role: "assistant",
    model: String(body["model"]),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage,
  };
}

function stopDetails({ stopReason }: Answer): RefusalStopDetails | null {
  return stopReason === "refusal" ? { type: "refusal", category: null, explanation: null } : null;
}

function usageOf(answer: Answer, outputTokens: number): Usage {
  const { input, cache_read, cache_write } = answer.script.usage;
  return {
    input_tokens: input,
    output_tokens: outputTokens,
    cache_creation_input_tokens: cache_write,
    cache_read_input_tokens: cache_read,
    cache_creation: { ephemeral_5m_input_tokens: cache_write, ephemeral_1h_input_tokens: 0 },
    inference_geo: null,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: "standard",
    speed: null,
  };
}
