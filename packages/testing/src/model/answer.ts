import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { ScriptedAnswer } from "./script.ts";

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

export function createAnswer(script: CompleteAnswer, lastText: string, callIdPrefix: string): Answer {
  return {
    script,
    thinking: script.thinking ?? "",
    // A function, as `$&` in the last text must stay what it is.
    text: (script.text ?? "").replaceAll("{{last}}", () => lastText),
    calls: script.tool_calls.map(({ id, name, input, raw_input }) => ({
      id: id ?? newId(callIdPrefix),
      name,
      inputText: raw_input ?? JSON.stringify(input),
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
