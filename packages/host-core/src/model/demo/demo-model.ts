import { setImmediate } from "node:timers/promises";
import type { AssistantBlock, ModelSettings } from "@millrace/contracts";
import type { Model, ModelRequest, ModelTurn } from "../model.ts";
import { demoAnswer } from "./demo-answer.ts";

const SPACE = " ".charCodeAt(0);

/** The built-in stand-in for a model: no network, no key, no intelligence. A word counts as a token. */
export function createDemoModel(settings: ModelSettings): Model {
  return { settings, respond: (request) => respond(request) };
}

async function respond(request: ModelRequest): Promise<ModelTurn> {
  const { signal, maxTokens } = request;
  signal.throwIfAborted();
  const { text, call } = demoAnswer(request);
  const words = wordsOf(text);
  const said = words.slice(0, maxTokens);
  for (const word of said) {
    request.onDelta({ type: "text", text: word });
    await setImmediate();
    signal.throwIfAborted();
  }
  const isCut = said.length < words.length;
  const calls: AssistantBlock[] = call && !isCut ? [{ type: "tool_use", ...call }] : [];
  const callWords = calls.reduce((sum, block) => sum + countWords(JSON.stringify(block)), 0);
  return {
    message: { role: "assistant", content: [{ type: "text", text: said.join("") }, ...calls] },
    stopReason: isCut ? "max_tokens" : calls.length > 0 ? "tool_use" : "end_turn",
    usage: {
      inputTokens: countWords(JSON.stringify([request.system ?? "", request.messages])),
      outputTokens: said.length + callWords,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
    },
  };
}

/** Each with the space before it; together they are the text. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [];
}

/** A conversation may have millions of words: none of them is copied. */
function countWords(text: string): number {
  let count = 0;
  let isInWord = false;
  for (let place = 0; place < text.length; place += 1) {
    const isSpace = text.charCodeAt(place) <= SPACE;
    if (!isSpace && !isInWord) count += 1;
    isInWord = !isSpace;
  }
  return count;
}
