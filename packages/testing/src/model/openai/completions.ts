import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionMessage,
} from "openai/resources/chat/completions";
import type { CompletionUsage } from "openai/resources/completions";
import { newId, splitText, type Answer } from "../answer.ts";
import { StreamPieces } from "../stream-pieces.ts";
import { EVENT_STREAM, wholeAnswer, type Answering, type WireAnswer } from "../wire-format.ts";

/** Not OpenAI's own, but what servers that show their thinking have agreed on. */
interface Reasoning {
  reasoning_content?: string;
}

type Delta = ChatCompletionChunk.Choice.Delta & Reasoning;
type FinishReason = ChatCompletion.Choice["finish_reason"];

export function dataLine(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

export function wholeCompletion({ answer, body }: Answering): WireAnswer {
  return wholeAnswer({
    ...header(body["model"]),
    object: "chat.completion",
    choices: [{ index: 0, message: messageOf(answer), finish_reason: finishReason(answer), logprobs: null }],
    usage: usageOf(answer),
  } satisfies ChatCompletion);
}

export function streamCompletion({ answer, body }: Answering): WireAnswer {
  const { include_usage: withUsage = false } = (body["stream_options"] ?? {}) as { include_usage?: boolean };
  const base = {
    ...header(body["model"]),
    object: "chat.completion.chunk" as const,
    ...(withUsage ? { usage: null } : {}),
  };
  const chunk = (delta: Delta, finish_reason: FinishReason | null = null) =>
    dataLine({
      ...base,
      choices: [{ index: 0, delta, finish_reason, logprobs: null }],
    } satisfies ChatCompletionChunk);

  const stream = new StreamPieces();
  for (const { delta, isStart } of deltasOf(answer)) {
    if (isStart) stream.frame(chunk(delta));
    else stream.delta(chunk(delta));
  }
  const usageChunk = { ...base, choices: [], usage: usageOf(answer) } satisfies ChatCompletionChunk;
  return {
    contentType: EVENT_STREAM,
    opening: chunk({ role: "assistant", content: "", refusal: null }),
    pieces: stream.pieces,
    closing: [
      stream.rest,
      chunk({}, finishReason(answer)),
      withUsage ? dataLine(usageChunk) : "",
      "data: [DONE]\n\n",
    ].join(""),
  };
}

function header(model: unknown) {
  return {
    id: newId("chatcmpl-"),
    created: Math.floor(Date.now() / 1_000),
    model: String(model),
    service_tier: "default" as const,
  };
}

interface StreamedDelta {
  readonly delta: Delta;
  /** Begins a tool call, and does not count as one of the script's deltas. */
  readonly isStart?: true;
}

function deltasOf(answer: Answer): StreamedDelta[] {
  const split = (text: string) => splitText(text, answer.script.chunk_length);
  return [
    ...split(answer.thinking).map((text) => ({ delta: { reasoning_content: text } })),
    ...split(answer.text).map((text) => ({
      delta: answer.stopReason === "refusal" ? { refusal: text } : { content: text },
    })),
    ...answer.calls.flatMap(({ id, name, inputText }, index): StreamedDelta[] => [
      {
        delta: { tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] },
        isStart: true,
      },
      ...split(inputText).map((text) => ({
        delta: { tool_calls: [{ index, function: { arguments: text } }] },
      })),
    ]),
  ];
}

function messageOf({ thinking, text, calls, stopReason }: Answer): ChatCompletionMessage & Reasoning {
  const said = text === "" ? null : text;
  return {
    role: "assistant",
    content: stopReason === "refusal" ? null : said,
    refusal: stopReason === "refusal" ? said : null,
    annotations: [],
    ...(thinking === "" ? {} : { reasoning_content: thinking }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ id, name, inputText }) => ({
            id,
            type: "function" as const,
            function: { name, arguments: inputText },
          })),
        }),
  };
}

const FINISH_REASONS = {
  end_turn: "stop",
  tool_use: "tool_calls",
  max_tokens: "length",
  refusal: "content_filter",
} as const satisfies Record<Answer["stopReason"], FinishReason>;

/** A model that says why it refuses has come to its end; a filter that refuses says nothing. */
function finishReason({ stopReason, text }: Answer): FinishReason {
  return stopReason === "refusal" && text !== "" ? "stop" : FINISH_REASONS[stopReason];
}

/** The prompt's tokens include those of the cache. */
function usageOf({ script }: Answer): CompletionUsage {
  const { input, output, cache_read, cache_write } = script.usage;
  const prompt = input + cache_read + cache_write;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cache_read, cache_write_tokens: cache_write, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}
