import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { CallToolResult, RequestId } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

interface LingeringCall {
  readonly id: RequestId;
  /** What the model says to it, or why it says nothing. */
  ask(): Promise<CallToolResult>;
}

/** A tool that works on whatever is cancelled, and the one that lets it go on. */
export function registerLingering(mcp: McpServer): void {
  const lingering: LingeringCall[] = [];
  mcp.registerTool("linger", {}, async ({ requestId: id }) => {
    const go = Promise.withResolvers<void>();
    const answer = go.promise.then(async (): Promise<CallToolResult> => {
      const messages = [{ role: "user" as const, content: { type: "text" as const, text: "Still there?" } }];
      const heard = await mcp.server.createMessage({ messages, maxTokens: 10 }).catch(String);
      return { content: [{ type: "text", text: JSON.stringify(heard) }] };
    });
    const ask = () => {
      go.resolve();
      return answer;
    };
    lingering.push({ id, ask });
    return await answer;
  });
  mcp.registerTool("let_ask", { inputSchema: { answer: z.boolean() } }, async ({ answer }) => {
    const [call] = lingering;
    if (!call) throw new Error("no call lingers");
    const result = await call.ask();
    // The SDK's server would hold back what is said to a call that was cancelled.
    if (answer) await mcp.server.transport?.send({ jsonrpc: "2.0", id: call.id, result });
    return result;
  });
}
