import { once } from "node:events";
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { FixtureStats } from "./fixture-stats.ts";

export interface ModernServerOptions {
  /** Shared by all requests of one server. */
  stats: FixtureStats;
  /** Names of tools that were added while running; `grow` adds one, and calls `onGrown`. */
  grown: Set<string>;
  onGrown: (server: McpServer, name: string) => void;
}

function text(value: string) {
  return { content: [{ type: "text" as const, text: value }] };
}

/** A server of protocol 2026-07-28. Over HTTP one is made for every request, so what lasts is in the options. */
export function createModernServer({ stats, grown, onGrown }: ModernServerOptions): McpServer {
  const server = new McpServer(
    { name: "millrace-modern-fixture", version: "1.0.0" },
    { capabilities: { tools: { listChanged: true }, resources: {}, prompts: {}, completions: {} } },
  );
  server.registerTool(
    "add",
    {
      description: "Adds two numbers",
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }),
  );
  server.registerTool("meta", { description: "The _meta of its call" }, ({ mcpReq }) =>
    text(JSON.stringify(mcpReq._meta ?? {})),
  );
  server.registerTool(
    "progress",
    { description: "Reports so many steps", inputSchema: z.object({ steps: z.int() }) },
    async ({ steps }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken === undefined) return text("nobody asked for progress");
      for (let step = 1; step <= steps; step += 1) {
        const params = { progressToken, progress: step, total: steps, message: `step ${step}` };
        await mcpReq.notify({ method: "notifications/progress", params });
      }
      return text(`${steps} steps`);
    },
  );
  server.registerTool("wait", { description: "Runs until it is cancelled" }, ({ mcpReq }) =>
    stats.track("wait", mcpReq.signal, async () => {
      await once(mcpReq.signal, "abort");
      return text("cancelled");
    }),
  );
  server.registerTool("stats", { description: "What this server has seen" }, () => {
    const { calls, running, mostRunning, cancelled } = stats;
    return text(JSON.stringify({ calls, running, mostRunning, cancelled: [...cancelled] }));
  });
  server.registerTool(
    "grow",
    { description: "Adds a tool, which the server announces", inputSchema: z.object({ name: z.string() }) },
    ({ name }) => {
      grown.add(name);
      onGrown(server, name);
      return text(`added ${name}`);
    },
  );
  for (const name of grown)
    server.registerTool(name, { description: "Added while running" }, () => text(name));
  server.registerResource("greeting", "fixture://greeting", { mimeType: "text/plain" }, ({ href }) => ({
    contents: [{ uri: href, mimeType: "text/plain", text: "hello" }],
  }));
  server.registerPrompt(
    "greet",
    { description: "Greets somebody", argsSchema: z.object({ who: z.string() }) },
    ({ who }) => ({ messages: [{ role: "user", content: { type: "text", text: `Greet ${who}` } }] }),
  );
  return server;
}
