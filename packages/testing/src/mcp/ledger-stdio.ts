/**
 * A stdio server that writes down every call, as a program:
 *
 *   node ledger-stdio.ts --folder FOLDER --name NAME
 *
 * Its ledger is its own file in the folder: a line for its start, and one for the begin and the end of each call. The
 * lines stand there also when the server is killed.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { ToolAnnotations } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { LedgerLine } from "./ledger-line.ts";

const TOOLS: Readonly<Record<string, ToolAnnotations>> = {
  look: { readOnlyHint: true },
  put: { readOnlyHint: false, idempotentHint: true },
  append: { readOnlyHint: false, destructiveHint: true },
};

const { values } = parseArgs({ options: { folder: { type: "string" }, name: { type: "string" } } });
const { folder, name } = values;
if (folder === undefined || name === undefined) throw new Error("ledger-stdio takes --folder and --name");
const file = join(folder, `${name}-${process.pid}.ndjson`);

function write(line: LedgerLine): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

const common = () => ({ at: Date.now(), server: name, pid: process.pid });
const server = new McpServer({ name: `millrace-ledger-${name}`, version: "1.0.0" });

for (const [tool, annotations] of Object.entries(TOOLS)) {
  server.registerTool(
    tool,
    {
      description: "Writes its key down, takes so many milliseconds, and returns the key",
      inputSchema: { key: z.string(), ms: z.int().min(0).default(0) },
      annotations,
    },
    async ({ key, ms }, { signal }) => {
      write({ event: "begin", ...common(), tool, key });
      if (ms > 0) await delay(ms, undefined, { signal });
      write({ event: "end", ...common(), tool, key });
      return { content: [{ type: "text", text: key }] };
    },
  );
}

write({ event: "start", ...common(), parent: process.ppid });
await server.connect(new StdioServerTransport());
