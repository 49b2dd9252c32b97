import { setImmediate } from "node:timers/promises";
import type { AssistantBlock, ModelSettings, TurnStopReason } from "@millrace/contracts";
import type {
  Model,
  ModelDelta,
  ModelError,
  ModelRequest,
  ModelTurn,
  TokenUsage,
} from "../src/model/model.ts";

/** One answer of the scripted model; its text comes as one delta, unless `deltas` says otherwise. */
export interface ScriptedTurn {
  text?: string;
  thinking?: string;
  calls?: { id: string; name: string; input?: Record<string, unknown>; malformed_input?: string }[];
  stopReason?: TurnStopReason;
  usage?: Partial<TokenUsage>;
  deltas?: ModelDelta[];
  /** Thrown after the deltas. */
  error?: Error;
  /** After the deltas it never answers; only the signal ends it. */
  hangs?: boolean;
}

export type ScriptEntry = ScriptedTurn | ScriptedTurn[];

const SETTINGS: ModelSettings = {
  alias: "scripted",
  provider: "demo",
  model: "scripted",
  baseUrl: "http://model.test",
  apiKeyVariable: null,
  isConfigured: true,
  contextTokens: null,
  maxOutputTokens: 1_000,
  timeoutMs: 60_000,
  stallTimeoutMs: 60_000,
  thinking: "off",
  price: { input: 1, output: 10, cacheRead: 0.1, cacheWrite: 2 },
};

/**
 * Answers turn n, counted by the assistant messages since the opening, with entry n of its script. An entry that is a
 * list is for one attempt after the other.
 */
export class ScriptedModel implements Model {
  readonly settings: ModelSettings;
  readonly requests: ModelRequest[] = [];
  readonly #script: readonly ScriptEntry[];
  readonly #attempts = new Map<number, number>();
  readonly #openingTurns: number;

  constructor(script: readonly ScriptEntry[], openingTurns = 0, settings: Partial<ModelSettings> = {}) {
    this.settings = { ...SETTINGS, ...settings };
    this.#script = script;
    this.#openingTurns = openingTurns;
  }

  async respond(request: ModelRequest): Promise<ModelTurn> {
    this.requests.push(request);
    const index = request.messages.filter(({ role }) => role === "assistant").length - this.#openingTurns;
    const turn = this.#next(index);
    await setImmediate();
    const deltas =
      turn.deltas ?? (turn.text === undefined ? [] : [{ type: "text", text: turn.text } as const]);
    for (const delta of deltas) request.onDelta(delta);
    if (turn.hangs) await aborted(request.signal);
    if (turn.error) throw turn.error;
    return answer(turn);
  }

  #next(index: number): ScriptedTurn {
    const entry = this.#script[index];
    if (!entry) throw new Error(`the script has no turn ${index + 1}`);
    if (!Array.isArray(entry)) return entry;
    const attempt = this.#attempts.get(index) ?? 0;
    this.#attempts.set(index, attempt + 1);
    const turn = entry[Math.min(attempt, entry.length - 1)];
    if (!turn) throw new Error("an empty list of attempts");
    return turn;
  }
}

function answer(turn: ScriptedTurn): ModelTurn {
  const calls = (turn.calls ?? []).map((call): AssistantBlock => ({ type: "tool_use", input: {}, ...call }));
  const content: AssistantBlock[] = [
    ...(turn.thinking === undefined
      ? []
      : [{ type: "thinking", thinking: turn.thinking, signature: "" } as const]),
    ...(turn.text === undefined ? [] : [{ type: "text", text: turn.text } as const]),
    ...calls,
  ];
  return {
    message: { role: "assistant", content },
    stopReason: turn.stopReason ?? (calls.length > 0 ? "tool_use" : "end_turn"),
    usage: { inputTokens: 100, outputTokens: 10, cacheReadTokens: 0, cacheWriteTokens: 0, ...turn.usage },
  };
}

/** Never resolves; rejects when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.throwIfAborted();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

/** The result that the model was given for a call. */
export function resultOf(request: ModelRequest | undefined, id: string) {
  const blocks = request?.messages.flatMap(({ content }): readonly unknown[] => content) ?? [];
  return blocks.find((block) => (block as { tool_use_id?: string }).tool_use_id === id);
}

export function faultyTurn(error: ModelError, ...texts: string[]): ScriptedTurn {
  return { error, deltas: texts.map((text) => ({ type: "text", text })) };
}
