import { ResourceTemplate, type McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";

/** Resources of any size under two templates, which are not listed, and a prompt. */
export function registerOffers(server: McpServer): void {
  server.registerResource(
    "text",
    new ResourceTemplate("fixture://text/{bytes}", { list: undefined }),
    { title: "Text", description: "So many bytes of text", mimeType: "text/plain" },
    ({ href }, { bytes }) => ({
      contents: [{ uri: href, mimeType: "text/plain", text: "x".repeat(Number(bytes)) }],
    }),
  );
  server.registerResource(
    "blob",
    new ResourceTemplate("fixture://blob/{bytes}", { list: undefined }),
    { description: "So many zero bytes", mimeType: "application/octet-stream" },
    ({ href }, { bytes }) => ({
      contents: [{ uri: href, blob: Buffer.alloc(Number(bytes)).toString("base64") }],
    }),
  );
  server.registerPrompt(
    "greet",
    { title: "Greeting", description: "Greets somebody", argsSchema: { who: z.string() } },
    ({ who }) => ({ messages: [{ role: "user", content: { type: "text", text: `Greet ${who}.` } }] }),
  );
}
