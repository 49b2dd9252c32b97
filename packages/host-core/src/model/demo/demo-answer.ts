import type { ConversationMessage, ToolResultBlock } from "@millrace/contracts";
import type { ModelRequest, ModelTool } from "../model.ts";
import { COMMAND_LENGTH_MAX, readCommand, type DemoCommand } from "./read-command.ts";

const WHO_I_AM =
  "I am Millrace's demo model, no language model: I call the tool that a message names and report its result. For a real one set ANTHROPIC_API_KEY, or OPENAI_BASE_URL and OPENAI_API_KEY, and start again.";

const EXAMPLE = "read_text_file path=welcome.txt";
const TOOLS_SHOWN = 5;
const TOO_LONG = `The text of the message is longer than the ${COMMAND_LENGTH_MAX} characters that I read. Name the tool in a shorter one.`;

/** What the demo says in one turn, and the tool that it calls, if any. */
export interface DemoAnswer {
  readonly text: string;
  readonly call: {
    readonly id: string;
    readonly name: string;
    readonly input: Record<string, unknown>;
  } | null;
}

/** The same request gets the same answer. */
export function demoAnswer(request: ModelRequest): DemoAnswer {
  const results = (request.messages.at(-1)?.content ?? []).filter((block) => block.type === "tool_result");
  if (results.length > 0) {
    const names = toolNames(request.messages);
    const reports = results.map((result) => report(result, names.get(result.tool_use_id)));
    return { text: [...reports, WHO_I_AM].join("\n\n"), call: null };
  }
  const text = textOf(request.messages.at(-1)?.content ?? []);
  // With a part of it, a tool would be called with arguments that are cut off.
  if (text.length > COMMAND_LENGTH_MAX) return { text: `${WHO_I_AM} ${TOO_LONG}`, call: null };
  const { tool, input } = chosen(text, request);
  if (!tool) return { text: introduction(request.tools), call: null };
  return {
    text: `I call ${tool.name}.`,
    call: { id: `demo_${toolNames(request.messages).size + 1}`, name: tool.name, input },
  };
}

/** What a text asks for, as far as the tool choice lets it. */
function chosen(text: string, { tools, toolChoice }: ModelRequest): DemoCommand {
  if (toolChoice === "none") return readCommand(text, []);
  if (typeof toolChoice === "object") {
    const only = tools.filter(({ name }) => name === toolChoice.name);
    return { ...readCommand(text, only), tool: only[0] };
  }
  const command = readCommand(text, tools);
  // It would guess, and not every tool is harmless.
  const must = toolChoice === "any" && tools.length === 1 ? tools[0] : undefined;
  return { ...command, tool: command.tool ?? must };
}

function textOf(content: readonly { type: string; text?: string }[]): string {
  return content
    .flatMap(({ type, text }) => (type === "text" && text !== undefined ? [text] : []))
    .join("\n");
}

/** By the id of each call in the conversation. */
function toolNames(messages: readonly ConversationMessage[]): Map<string, string> {
  const said = messages.flatMap((message) => (message.role === "assistant" ? message.content : []));
  return new Map(said.flatMap((block) => (block.type === "tool_use" ? [[block.id, block.name]] : [])));
}

function report({ content, is_error }: ToolResultBlock, name = "The tool"): string {
  const text = textOf(content);
  const others = content.filter(({ type }) => type !== "text").map(({ type }) => `[${type}]`);
  const whole = [...(text === "" ? [] : [text]), ...others].join("\n");
  return `${name} ${is_error ? "failed" : "returned"}:\n${whole || "(nothing)"}`;
}

function introduction(tools: readonly ModelTool[]): string {
  if (tools.length === 0) return `${WHO_I_AM} This chat offers no tools.`;
  const names = tools.slice(0, TOOLS_SHOWN).map(({ name }) => name);
  const more = tools.length > TOOLS_SHOWN ? `, and ${tools.length - TOOLS_SHOWN} more` : "";
  return `${WHO_I_AM}\n\nThe message names no tool. There are: ${names.join(", ")}${more}. Write for example: ${EXAMPLE}`;
}
