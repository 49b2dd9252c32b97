import type { ConversationMessage } from "@millrace/contracts";
import type { ModelRequest } from "../src/model/model.ts";
import { ECHO_TOOL, requestOf, startTestedModel, userText, type WireProvider } from "./model-fixtures.ts";

export const PNG = { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } as const;
export const PDF = { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQ=" } as const;

/** What a server gets for a request. It refuses what the provider itself would refuse. */
export async function sent(
  provider: WireProvider,
  request: Partial<ModelRequest>,
  settings: { thinking?: "adaptive" } = {},
) {
  await using tested = await startTestedModel(provider, { text: "Hello" }, settings);
  await tested.model.respond(requestOf(request));
  const [recorded] = tested.server.requests;
  if (!recorded) throw new Error("nothing was sent");
  return recorded;
}

/** With thinking, two tool calls, and their results: text, an image, a document, and an error. */
export const CONVERSATION: ConversationMessage[] = [
  userText("Look at both"),
  {
    role: "assistant",
    content: [
      { type: "thinking", thinking: "Both", signature: "signed" },
      { type: "thinking", thinking: "Of another provider", signature: "" },
      { type: "redacted_thinking", data: "secret" },
      { type: "text", text: "I look" },
      { type: "text", text: "" },
      { type: "tool_use", id: "call_1", name: ECHO_TOOL.name, input: { text: "a" } },
      { type: "tool_use", id: "call_2", name: ECHO_TOOL.name, input: {}, malformed_input: "{oops" },
    ],
  },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "call_1",
        content: [
          { type: "text", text: "A picture" },
          { type: "image", source: PNG },
        ],
        is_error: false,
      },
      {
        type: "tool_result",
        tool_use_id: "call_2",
        content: [
          { type: "text", text: "No JSON" },
          { type: "document", source: PDF, title: "report.pdf" },
        ],
        is_error: true,
      },
      { type: "text", text: "And now?" },
    ],
  },
];
