import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionFunctionTool,
  ChatCompletionToolChoiceOption,
} from "openai/resources/chat/completions";
import type { ModelSettings, ToolChoice } from "@millrace/contracts";
import type { ModelRequest, ModelTool } from "../model.ts";
import type { Dialect } from "./dialect.ts";
import { toMessages } from "./to-messages.ts";

/** A request for one streamed turn. */
export function toRequest(
  settings: ModelSettings,
  dialect: Dialect,
  request: ModelRequest,
): ChatCompletionCreateParamsStreaming {
  const { tools, temperature, maxTokens } = request;
  return {
    model: settings.model,
    stream: true,
    ...(dialect.refusesUsage ? {} : { stream_options: { include_usage: true } }),
    messages: toMessages(request.system, request.messages, dialect),
    ...(dialect.takesCompletionTokens ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens }),
    ...(tools.length === 0
      ? {}
      : { tools: tools.map(toTool), tool_choice: toToolChoice(request.toolChoice) }),
    ...(temperature === undefined ? {} : { temperature }),
  };
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
