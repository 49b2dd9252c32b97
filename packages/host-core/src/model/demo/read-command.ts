import { UNIFIED_SEPARATOR } from "@millrace/contracts";
import type { ModelTool } from "../model.ts";

/** What a message asks the demo model to do. */
export interface DemoCommand {
  readonly tool: ModelTool | undefined;
  readonly input: Record<string, unknown>;
}

/**
 * The longest text that is read, in characters. Reading takes time that grows with the square of the length, and every
 * job of the worker waits for it.
 */
export const COMMAND_LENGTH_MAX = 8_192;

/** Each is read to its end, so a text full of them would take long. */
const BRACES_TRIED = 100;

/** `path=welcome.txt`, `text="two words"`, `numbers=[1, 2]` */
const PAIR = /(?<!\w)([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|[^\s,;]+)/g;

/**
 * The tool that a text of at most `COMMAND_LENGTH_MAX` names, and its arguments: a JSON object anywhere in it, or else
 * pairs like `path=welcome.txt`. A tool is named by its unified name, or by the part after `__` when only one tool has
 * it.
 */
export function readCommand(text: string, tools: readonly ModelTool[]): DemoCommand {
  const json = findObject(text);
  const rest = json ? text.replace(json.source, " ") : text;
  const words = rest.replaceAll(PAIR, " ").match(/[\w-]+/g) ?? [];
  const tool = findTool(words, tools);
  return { tool, input: json?.value ?? readPairs(rest, tool) };
}

function findTool(words: readonly string[], tools: readonly ModelTool[]): ModelTool | undefined {
  const named = words.flatMap((word) => tools.filter(({ name }) => name === word));
  if (named.length > 0) return named[0];
  for (const word of words) {
    const [tool, ...others] = tools.filter(({ name }) => rawName(name) === word);
    if (tool && others.length === 0) return tool;
  }
  return undefined;
}

/** The part after the first `__`. */
function rawName(name: string): string {
  return name.slice(name.indexOf(UNIFIED_SEPARATOR) + UNIFIED_SEPARATOR.length);
}

function readPairs(text: string, tool: ModelTool | undefined): Record<string, unknown> {
  const properties = tool?.parameters["properties"] as Record<string, { type?: unknown }> | undefined;
  const pairs = [...text.matchAll(PAIR)].map(([, key = "", value = ""]) => {
    const isText = properties?.[key]?.type === "string" && !/^["']/.test(value);
    return [key, isText ? value : readValue(value)] as const;
  });
  return Object.fromEntries(pairs);
}

function readValue(text: string): unknown {
  if (text.startsWith("'")) return text.slice(1, -1);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The first JSON object in a text, unless too many braces stand before it. */
function findObject(text: string): { source: string; value: Record<string, unknown> } | null {
  const opening = [...text.matchAll(/\{/g)].slice(0, BRACES_TRIED);
  for (const { index } of opening) {
    const source = balancedFrom(text, index);
    try {
      if (source) return { source, value: JSON.parse(source) as Record<string, unknown> };
    } catch {
      // Braces that hold no JSON: the next ones.
    }
  }
  return null;
}

/** From the brace at `start` to the one that closes it; braces in strings do not count. */
function balancedFrom(text: string, start: number): string | null {
  let depth = 0;
  const token = /"(?:[^"\\]|\\.)*"|[{}]/g;
  token.lastIndex = start;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] === "{") depth += 1;
    if (found[0] === "}") depth -= 1;
    if (depth === 0) return text.slice(start, token.lastIndex);
  }
  return null;
}
