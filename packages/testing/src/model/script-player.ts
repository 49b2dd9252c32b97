import { createHash } from "node:crypto";
import type { CompleteAnswer } from "./answer.ts";
import type { CompleteModelScript } from "./read-script.ts";

/** Conversations whose attempts are counted; the one that was heard of longest ago is forgotten. */
const CONVERSATIONS_MAX = 10_000;

/** Chooses what a script answers, and counts the requests for the same turn of the same conversation. */
export class ScriptPlayer {
  readonly script: CompleteModelScript;
  readonly #attempts = new Map<string, number>();

  constructor(script: CompleteModelScript) {
    this.script = script;
  }

  /** The attempt counts from 1. */
  play(provider: string, messages: unknown, turn: number): { answer: CompleteAnswer; attempt: number } {
    const attempt = this.#countAttempt(
      createHash("sha256").update(provider).update(JSON.stringify(messages)).digest("base64"),
    );
    const entry = atMost(this.script.turns, turn);
    return { answer: Array.isArray(entry) ? atMost(entry, attempt - 1) : entry, attempt };
  }

  #countAttempt(conversation: string): number {
    const attempt = (this.#attempts.get(conversation) ?? 0) + 1;
    this.#attempts.delete(conversation);
    this.#attempts.set(conversation, attempt);
    if (this.#attempts.size > CONVERSATIONS_MAX) {
      const [oldest] = this.#attempts.keys();
      if (oldest !== undefined) this.#attempts.delete(oldest);
    }
    return attempt;
  }
}

/** The entry at an index; the last one serves all later ones. */
function atMost<T>(entries: readonly T[], index: number): T {
  const entry = entries[Math.min(index, entries.length - 1)];
  if (entry === undefined) throw new Error("a script has at least one entry for each turn");
  return entry;
}
