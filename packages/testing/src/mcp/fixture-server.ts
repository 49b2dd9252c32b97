import { setTimeout as delay } from "node:timers/promises";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { UrlElicitationRequiredError, type CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { registerAnnotatedTools } from "./fixture-annotated-tools.ts";
import { registerCancelTools } from "./fixture-cancel-tools.ts";
import { registerContentTools } from "./fixture-content-tools.ts";
import { registerOffers } from "./fixture-offers.ts";
import { registerResumedTools } from "./fixture-resumed-tools.ts";
import { FixtureStats } from "./fixture-stats.ts";

export interface FixtureServerOptions {
  /** Shared by the sessions of one server; a fresh one by default. */
  stats?: FixtureStats;
  /** Process id that the `processes` tool reports beside its own. */
  grandchildPid?: number | undefined;
  /** Has the tools for streams that can be resumed too. */
  isResumable?: boolean;
}

function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

function registerPlainTools(server: McpServer): void {
  server.registerTool(
    "echo",
    {
      description: "Returns its text",
      inputSchema: { text: z.string() },
      annotations: { readOnlyHint: true, idempotentHint: true },
    },
    ({ text: given }) => text(given),
  );
  server.registerTool(
    "add",
    {
      description: "Adds two numbers",
      inputSchema: { a: z.number(), b: z.number() },
      outputSchema: { sum: z.number() },
    },
    ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }),
  );
  server.registerTool("fail", { description: "Answers with isError" }, () => ({
    ...text("this tool always fails"),
    isError: true,
  }));
  server.registerTool("reject", { description: "Answers with a protocol error" }, () => {
    // The only error that the SDK's server does not turn into a result.
    throw new UrlElicitationRequiredError([], "open the page first");
  });
  server.registerTool(
    "big",
    { description: "Returns so many bytes of text", inputSchema: { bytes: z.int().min(0) } },
    ({ bytes }) => text("x".repeat(bytes)),
  );
  server.registerTool("environment", { description: "Names of its environment variables" }, () => {
    const names = Object.keys(process.env).toSorted();
    return { ...text(names.join(" ")), structuredContent: { names } };
  });
}

function registerSlowTools(server: McpServer, stats: FixtureStats): void {
  server.registerTool(
    "wait",
    {
      description: "Answers after so many milliseconds; a cancelled call ends early unless told otherwise",
      inputSchema: { ms: z.int().min(0), ignore_cancel: z.boolean().optional() },
    },
    ({ ms, ignore_cancel }, { signal }) =>
      stats.track("wait", signal, async () => {
        await delay(ms, undefined, ignore_cancel ? {} : { signal });
        return text(`waited ${ms} ms`);
      }),
  );
  server.registerTool(
    "progress",
    { description: "Reports so many steps, then answers", inputSchema: { steps: z.int().min(0) } },
    async ({ steps }, { _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken;
      if (progressToken === undefined) return text("nobody asked for progress");
      for (let step = 1; step <= steps; step += 1) {
        const params = { progressToken, progress: step, total: steps, message: `step ${step}` };
        await sendNotification({ method: "notifications/progress", params });
      }
      return text(`${steps} steps`);
    },
  );
}

function registerTellingTools(
  server: McpServer,
  stats: FixtureStats,
  grandchildPid: number | undefined,
): void {
  server.registerTool("stats", { description: "What this server has seen" }, () => {
    const { calls, running, mostRunning, cancelled } = stats;
    const structuredContent = { calls, running, mostRunning, cancelled: [...cancelled] };
    return { ...text(JSON.stringify(structuredContent)), structuredContent };
  });
  server.registerTool("processes", { description: "Process ids of this server and its child" }, () => {
    const structuredContent = { pid: process.pid, grandchild: grandchildPid ?? null };
    return { ...text(JSON.stringify(structuredContent)), structuredContent };
  });
  server.registerTool(
    "exit",
    { description: "Ends the server's process at once", inputSchema: { code: z.int().default(1) } },
    ({ code }) => {
      process.stderr.write("fixture: told to exit\n");
      process.exit(code);
    },
  );
  server.registerTool(
    "grow",
    {
      description: "Adds a tool, which the server announces unless told otherwise",
      inputSchema: { name: z.string(), silent: z.boolean().optional() },
    },
    ({ name, silent }) => {
      if (silent) server.sendToolListChanged = () => {};
      server.registerTool(name, { description: "Added while running" }, () => text(name));
      return text(`added ${name}`);
    },
  );
}

/** An MCP server for tests, with a tool for each thing that a host has to get right. One for each session. */
export function createFixtureServer(options: FixtureServerOptions = {}): McpServer {
  const stats = options.stats ?? new FixtureStats();
  const server = new McpServer({ name: "millrace-fixture", version: "1.0.0" });
  registerPlainTools(server);
  registerSlowTools(server, stats);
  registerCancelTools(server, stats);
  registerAnnotatedTools(server, stats);
  registerContentTools(server);
  registerTellingTools(server, stats, options.grandchildPid);
  registerOffers(server);
  if (options.isResumable) registerResumedTools(server, stats);
  server.registerResource("greeting", "fixture://greeting", { mimeType: "text/plain" }, ({ href }) => ({
    contents: [{ uri: href, text: "hello" }],
  }));
  return server;
}
