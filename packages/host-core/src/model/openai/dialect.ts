/** What a server wants that not all of its kind understand. */
export interface Dialect {
  /** `max_completion_tokens` in place of `max_tokens`: OpenAI's newer models, and gateways before them. */
  takesCompletionTokens: boolean;
  /** Thinking goes back with the tool calls that came of it: DeepSeek's models, and others that reason. */
  takesReasoning: boolean;
  /** What came along with a tool call goes back with it: Gemini's signatures. */
  takesExtraContent: boolean;
  /** It is not asked for its usage, which it does not know how to tell. */
  refusesUsage: boolean;
}

type Feature = keyof Dialect;

/** How a server asks for each when it refuses a request. */
const DEMANDS: readonly (readonly [Feature, RegExp])[] = [
  ["takesCompletionTokens", /max_completion_tokens/],
  ["takesReasoning", /reasoning_content/],
  ["takesExtraContent", /thought_signature/],
  ["refusesUsage", /stream_options/],
];

/** The dialect of a server of which only the base URL is known. */
export function createDialect(baseUrl: string): Dialect {
  const hostname = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : "";
  const isOpenAi = hostname === "api.openai.com" || hostname.endsWith(".api.openai.com");
  return {
    takesCompletionTokens: isOpenAi,
    takesReasoning: false,
    takesExtraContent: false,
    refusesUsage: false,
  };
}

/**
 * Learns from the words of a refusal: servers say what they want, and there is no other way to find out which of so many
 * it is. Whether there was anything new in it, so that the same request may go well now.
 */
export function learnDialect(dialect: Dialect, refusal: string): boolean {
  const wanted = DEMANDS.filter(([feature, words]) => words.test(refusal) && !dialect[feature]);
  for (const [feature] of wanted) dialect[feature] = true;
  return wanted.length > 0;
}
