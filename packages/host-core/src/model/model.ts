import type {
  AssistantMessage,
  ConversationMessage,
  JobErrorCode,
  ModelSettings,
  ToolChoice,
  TurnStopReason,
} from "@millrace/contracts";

/** A tool as a model is offered it. The name is unified, and fit for every provider. */
export interface ModelTool {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema whose root is an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ModelDelta {
  readonly type: "text" | "thinking";
  readonly text: string;
}

export interface ModelRequest {
  readonly system: string | undefined;
  /** Begins and ends with a user message; every tool call in it has its result. */
  readonly messages: readonly ConversationMessage[];
  readonly tools: readonly ModelTool[];
  readonly toolChoice: ToolChoice;
  /** Output tokens of this turn at most. */
  readonly maxTokens: number;
  readonly temperature: number | undefined;
  /** Aborting closes the HTTP stream; the call rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Called with each piece as it arrives. */
  readonly onDelta: (delta: ModelDelta) => void;
}

export interface TokenUsage {
  /** Input tokens, without those that came from or went to a cache. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** What a model said in one turn. Every `tool_use` block has an id, unique in the turn. */
export interface ModelTurn {
  readonly message: AssistantMessage;
  readonly stopReason: TurnStopReason;
  readonly usage: TokenUsage;
}

/** One alias of the models file, ready to answer. */
export interface Model {
  readonly settings: ModelSettings;
  /**
   * One turn, streamed. One attempt: retrying is the caller's.
   * @throws ModelError for everything that a provider, or the way to it, can do.
   */
  respond(request: ModelRequest): Promise<ModelTurn>;
}

/**
 * What may be done about a failed turn: nothing; try again after a backoff; or try again when the provider's
 * cool-down is over, which holds for everybody who uses this provider.
 */
export type ModelRetry = "never" | "backoff" | "cool_down";

export type ModelErrorCode = Extract<
  JobErrorCode,
  "provider_auth" | "provider_rejected" | "provider_unavailable" | "model_timeout"
>;

/** A turn that failed. The message is fit for users: it names the cure, and no secret. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;
  readonly retry: ModelRetry;
  /** How long the provider asks to wait, in milliseconds; null when it does not say. */
  readonly retryAfterMs: number | null;

  constructor(
    code: ModelErrorCode,
    message: string,
    { retry, retryAfterMs = null }: { retry: ModelRetry; retryAfterMs?: number | null },
  ) {
    super(message);
    this.code = code;
    this.retry = retry;
    this.retryAfterMs = retryAfterMs;
  }
}
