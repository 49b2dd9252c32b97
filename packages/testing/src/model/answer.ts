import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { ScriptedAnswer } from "./script.ts";
import type { Conversation } from "./wire-format.ts";

/** An entry of a script with its defaults filled in. */
export type CompleteAnswer = z.output<typeof ScriptedAnswer>;

interface AnsweredCall {
  readonly id: string;
  readonly name: string;
  /** Mostly JSON. */
  readonly inputText: string;
}

/** An entry of a script, made ready for one request. */
export interface Answer {
  readonly script: CompleteAnswer;
  readonly thinking: string;
  readonly text: string;
  readonly calls: readonly AnsweredCall[];
  readonly stopReason: NonNullable<CompleteAnswer["stop_reason"]>;
}

export function createAnswer(
  script: CompleteAnswer,
  { lastText, askedText }: Pick<Conversation, "lastText" | "askedText">,
  callIdPrefix: string,
): Answer {
  // Functions, as `$&` in a text must stay what it is.
  const text = (script.text ?? "").replaceAll("{{last}}", () => lastText);
  const askedJson = JSON.stringify(askedText).slice(1, -1);
  return {
    script,
    thinking: script.thinking ?? "",
    text: text.replaceAll("{{asked}}", () => askedText),
    calls: script.tool_calls.map(({ id, name, input, raw_input }) => ({
      id: id ?? newId(callIdPrefix),
      name,
      inputText: raw_input ?? JSON.stringify(input).replaceAll("{{asked}}", () => askedJson),
    })),
    stopReason: script.stop_reason ?? (script.tool_calls.length > 0 ? "tool_use" : "end_turn"),
  };
}

/** An id like the providers': a prefix and 24 letters and digits. */
export function newId(prefix: string): string {
  return `${prefix}${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

/** Pieces of so many characters; no piece ends within a character that takes two places. */
export function splitText(text: string, length: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = start + length;
    const last = text.charCodeAt(end - 1);
    if (last >= 0xd800 && last <= 0xdbff) end += 1;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}
