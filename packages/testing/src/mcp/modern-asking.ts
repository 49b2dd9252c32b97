import { inputRequired, McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";
import { COLOUR_FORM } from "./colour-form.ts";

type InputRequest = ReturnType<typeof inputRequired.listRoots>;

/** Answers with what the client has answered; before that, asks it. */
function ask(responses: Readonly<Record<string, unknown>> | undefined, question: InputRequest) {
  const answer = responses?.["answer"];
  if (answer === undefined) return inputRequired({ inputRequests: { answer: question } });
  return { content: [{ type: "text" as const, text: JSON.stringify(answer) }] };
}

function createServer(): McpServer {
  const server = new McpServer({ name: "millrace-modern-asking", version: "1.0.0" });
  server.registerTool(
    "ask_model",
    { inputSchema: z.object({ question: z.string(), maxTokens: z.int().default(100) }) },
    ({ question, maxTokens }, { mcpReq }) =>
      ask(
        mcpReq.inputResponses,
        inputRequired.createMessage({
          systemPrompt: "Be brief.",
          messages: [{ role: "user", content: { type: "text", text: question } }],
          maxTokens,
        }),
      ),
  );
  server.registerTool(
    "ask_human",
    { inputSchema: z.object({ required: z.array(z.string()) }) },
    ({ required }, { mcpReq }) =>
      ask(
        mcpReq.inputResponses,
        inputRequired.elicit({ message: "Who?", requestedSchema: { ...COLOUR_FORM, required } }),
      ),
  );
  server.registerTool("roots", { inputSchema: z.object({}) }, (_none, { mcpReq }) =>
    ask(mcpReq.inputResponses, inputRequired.listRoots()),
  );
  return server;
}

/** The same over protocol 2026-07-28, whose tools ask in their answers. */
export function serveModernAsking(): void {
  serveStdio(createServer, { legacy: "reject" });
}
