import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionFunctionTool,
  ChatCompletionToolChoiceOption,
} from "openai/resources/chat/completions";
import type { ModelSettings, ToolChoice } from "@millrace/contracts";
import type { ModelRequest, ModelTool } from "../model.ts";
import { toMessages } from "./to-messages.ts";

/** Where there is no other base URL. */
export const OPENAI_URL = "https://api.openai.com/v1";

/** A request for one streamed turn. */
export function toRequest(
  settings: ModelSettings,
  request: ModelRequest,
): ChatCompletionCreateParamsStreaming {
  const { tools, temperature } = request;
  return {
    model: settings.model,
    stream: true,
    stream_options: { include_usage: true },
    messages: toMessages(request.system, request.messages),
    ...tokenLimit(settings, request.maxTokens),
    ...(tools.length === 0
      ? {}
      : { tools: tools.map(toTool), tool_choice: toToolChoice(request.toolChoice) }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}

/** OpenAI's newer models refuse `max_tokens`; compatible servers often know nothing else. */
function tokenLimit({ baseUrl }: ModelSettings, maxTokens: number) {
  const { hostname } = new URL(baseUrl ?? OPENAI_URL);
  const isOpenAi = hostname === "api.openai.com" || hostname.endsWith(".api.openai.com");
  return isOpenAi ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
}

function toTool({ name, description, parameters }: ModelTool): ChatCompletionFunctionTool {
  return {
    type: "function",
    function: { name, ...(description === null ? {} : { description }), parameters: { ...parameters } },
  };
}

function toToolChoice(choice: ToolChoice): ChatCompletionToolChoiceOption {
  if (typeof choice === "object") return { type: "function", function: { name: choice.name } };
  return choice === "any" ? "required" : choice;
}
