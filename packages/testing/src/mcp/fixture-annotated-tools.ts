import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { ToolAnnotations } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { FixtureStats } from "./fixture-stats.ts";

const ANNOTATED: Readonly<Record<string, ToolAnnotations>> = {
  read_only: { readOnlyHint: true },
  destructive_write: { readOnlyHint: false, destructiveHint: true },
  harmless_write: { readOnlyHint: false, destructiveHint: false },
  idempotent: { readOnlyHint: false, idempotentHint: true },
};

/** One tool for each hint that decides about approval and about running a call again. The statistics count them. */
export function registerAnnotatedTools(server: McpServer, stats: FixtureStats): void {
  for (const [name, annotations] of Object.entries(ANNOTATED)) {
    server.registerTool(
      name,
      {
        description: "Returns its text; its hints are all that matters",
        inputSchema: { text: z.string().default("") },
        annotations,
      },
      ({ text }, { signal }) =>
        stats.track(name, signal, async () => ({ content: [{ type: "text", text: `${name}: ${text}` }] })),
    );
  }
}
