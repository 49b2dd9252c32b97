/**
 * A server over stdio, as a program, whose tools ask the client before they answer:
 *
 *   ask_model   what a model says to `question`
 *   linger      waits for `let_ask`, whatever is cancelled meanwhile, and then asks a model
 *   let_ask     what the model said to `linger`; `answer` says whether the call of `linger` is answered
 *   ask_human   for a name and a colour; `required` says which of them must be there
 *   ask_to_open for a URL to be opened
 *   roots       which folders it may use
 *   declared    what the client has declared that it answers
 *
 * What the client answers, or the error, is the text of the result. `--modern` speaks protocol 2026-07-28 alone.
 */
import { parseArgs } from "node:util";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";
import { registerLingering } from "./lingering-tools.ts";
import { serveModernAsking } from "./modern-asking.ts";
import { COLOUR_FORM } from "./colour-form.ts";

const { values: flags } = parseArgs({ options: { modern: { type: "boolean" } } });

async function tell(ask: () => Promise<unknown>) {
  const answer = await ask().catch((error: unknown) => ({ error: String(error) }));
  return { content: [{ type: "text" as const, text: JSON.stringify(answer) }] };
}

async function serve(): Promise<void> {
  const mcp = new McpServer({ name: "millrace-asking", version: "1.0.0" });
  const { server } = mcp;
  mcp.registerTool(
    "ask_model",
    { inputSchema: { question: z.string(), maxTokens: z.int().default(100) } },
    ({ question, maxTokens }) =>
      tell(() =>
        server.createMessage({
          systemPrompt: "Be brief.",
          messages: [{ role: "user", content: { type: "text", text: question } }],
          maxTokens,
        }),
      ),
  );
  registerLingering(mcp);
  mcp.registerTool("ask_human", { inputSchema: { required: z.array(z.string()) } }, ({ required }) =>
    tell(() =>
      server.elicitInput({
        message: "Who, and which colour?",
        requestedSchema: { ...COLOUR_FORM, required },
      }),
    ),
  );
  mcp.registerTool("ask_to_open", {}, () =>
    tell(() =>
      server.elicitInput({
        mode: "url",
        message: "Open this",
        url: "https://example.org/",
        elicitationId: "one",
      }),
    ),
  );
  mcp.registerTool("roots", {}, () => tell(() => server.listRoots()));
  mcp.registerTool("declared", {}, () => tell(() => Promise.resolve(server.getClientCapabilities())));
  await mcp.connect(new StdioServerTransport());
}

if (flags.modern) serveModernAsking();
else await serve();
