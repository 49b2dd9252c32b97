import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { CallToolResult, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { FixtureStats } from "./fixture-stats.ts";

const PROGRESS_EVERY_MS = 50;

type LateMessage =
  | { method: string; params: Record<string, unknown> }
  | { id: RequestId; result: CallToolResult }
  | { id: RequestId; error: { code: number; message: string } };

/** Sends for a request that has been cancelled; the SDK's server would hold it back. */
async function sendLate(server: McpServer, relatedRequestId: RequestId, message: LateMessage): Promise<void> {
  await server.server.transport?.send({ jsonrpc: "2.0", ...message }, { relatedRequestId });
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Tools that each react to `notifications/cancelled` in a way of their own. */
export function registerCancelTools(server: McpServer, stats: FixtureStats): void {
  const inputSchema = { ms: z.int().min(0) };
  server.registerTool(
    "stubborn",
    {
      description: "Reports progress for so many milliseconds, then answers; a cancelling changes nothing",
      inputSchema,
    },
    ({ ms }, { signal, requestId, _meta }) =>
      stats.track("stubborn", signal, async () => {
        const end = performance.now() + ms;
        for (let progress = 1; performance.now() < end && server.isConnected(); progress += 1) {
          await delay(PROGRESS_EVERY_MS);
          if (_meta?.progressToken === undefined) continue;
          const params = { progressToken: _meta.progressToken, progress };
          await sendLate(server, requestId, { method: "notifications/progress", params });
        }
        const result: CallToolResult = { content: [{ type: "text", text: `stubborn for ${ms} ms` }] };
        if (signal.aborted) await sendLate(server, requestId, { id: requestId, result });
        return result;
      }),
  );
  server.registerTool(
    "deaf",
    {
      description: "Once cancelled, blocks the whole server for so many milliseconds: it reads nothing",
      inputSchema,
    },
    ({ ms }, { signal }) =>
      stats.track("deaf", signal, async () => {
        signal.addEventListener("abort", () => block(ms), { once: true });
        await once(signal, "abort");
        return { content: [] };
      }),
  );
  server.registerTool(
    "cancel_error",
    {
      description:
        "Runs until it is cancelled, and answers that with an error (as Python servers do) or an isError result",
      inputSchema: { as: z.enum(["error", "result"]) },
    },
    ({ as }, { signal, requestId: id }) =>
      stats.track("cancel_error", signal, async () => {
        await once(signal, "abort");
        const text = "Request cancelled";
        const result: CallToolResult = { content: [{ type: "text", text }], isError: true };
        await sendLate(
          server,
          id,
          as === "result" ? { id, result } : { id, error: { code: 0, message: text } },
        );
        return { content: [] };
      }),
  );
}
