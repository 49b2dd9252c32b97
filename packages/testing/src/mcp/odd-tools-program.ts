/**
 * A server over stdio, as a program, whose tools are unusual, each in its own way:
 *
 *   chameleon   its description is what `recolour` was last told; the change is announced
 *   leave       ends the process at once
 *   liar        its structured content does not fit its output schema; `mute` has an output schema and returns none
 *   grumble     is refused with a message of so many characters as it is told
 *   nested      returns a value that nests so deep as it is told
 *   calls       names of the tools that were called, in order, and when their list was read, in milliseconds
 *   a.b, a_b    sanitise to the same name; another name is longer than providers take
 *
 * `--restless` announces a change of the list each time that it has been read.
 * `--many N` adds N plain tools, `--moody` makes the chameleon another one in every process. Lists come in pages of 50.
 */
import { parseArgs } from "node:util";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type CallToolResult,
  type Tool,
} from "@modelcontextprotocol/sdk/types.js";

const PAGE_SIZE = 50;

const { values: flags } = parseArgs({
  options: {
    many: { type: "string", default: "0" },
    moody: { type: "boolean" },
    restless: { type: "boolean" },
  },
});

const called: string[] = [];
const listed: number[] = [];
let colour = flags.moody ? `of process ${process.pid}` : "green";

function tool(name: string, more: Partial<Tool> = {}): Tool {
  return { name, description: name, inputSchema: { type: "object" }, ...more };
}

const outputSchema: Tool["outputSchema"] = {
  type: "object",
  properties: { count: { type: "number" } },
  required: ["count"],
};

function tools(): Tool[] {
  return [
    tool("chameleon", { description: colour }),
    tool("recolour"),
    tool("leave"),
    tool("liar", { outputSchema }),
    tool("mute", { outputSchema }),
    tool("grumble"),
    tool("nested"),
    tool("calls"),
    tool("a.b"),
    tool("a_b"),
    tool("long".repeat(30)),
    ...Array.from({ length: Number(flags.many) }, (_none, index) => tool(`plain_${index}`)),
  ];
}

function nest(depth: number): Record<string, unknown> {
  let value: Record<string, unknown> = {};
  for (let level = 1; level < depth; level += 1) value = { in: value };
  return value;
}

const server = new Server(
  { name: "odd-tools", version: "1.0.0" },
  { capabilities: { tools: { listChanged: true } } },
);

server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
  const start = Number(params?.cursor ?? "0");
  if (start === 0) listed.push(performance.now());
  const end = start + PAGE_SIZE;
  const all = tools();
  // After the answer, which is sent in a microtask.
  if (flags.restless && end >= all.length) setImmediate(() => void server.sendToolListChanged());
  return { tools: all.slice(start, end), ...(end < all.length && { nextCursor: String(end) }) };
});

server.setRequestHandler(CallToolRequestSchema, async ({ params }): Promise<CallToolResult> => {
  const { name, arguments: given = {} } = params;
  called.push(name);
  const content: CallToolResult["content"] = [{ type: "text", text: name }];
  switch (name) {
    case "recolour":
      colour = String(given["colour"]);
      await server.sendToolListChanged();
      return { content };
    case "leave":
      process.exit(0);
    case "liar":
      return { content, structuredContent: { count: "three" } };
    case "grumble":
      throw new Error("x".repeat(Number(given["characters"])));
    case "nested":
      return { content, structuredContent: nest(Number(given["depth"])) };
    case "calls":
      return { content, structuredContent: { called, listed } };
    default:
      return { content };
  }
});

await server.connect(new StdioServerTransport());
