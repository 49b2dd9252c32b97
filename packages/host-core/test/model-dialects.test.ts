import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { ConversationMessage } from "@millrace/contracts";
import { expect, test } from "vitest";
import { createModel } from "../src/model/create-model.ts";
import { ECHO_TOOL, failureOf, requestOf, settingsOf, startTestedModel, userText } from "./model-fixtures.ts";

const EXTRA = { google: { thought_signature: "c2lnbmVk" } };

/** A turn that thought, and called a tool with something along. */
const AFTER_A_CALL: ConversationMessage[] = [
  userText("Hello"),
  {
    role: "assistant",
    content: [
      { type: "thinking", thinking: "I call it", signature: "" },
      { type: "tool_use", id: "call_1", name: ECHO_TOOL.name, input: {}, extra_content: EXTRA },
    ],
  },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "call_1",
        content: [{ type: "text", text: "ok" }],
        is_error: false,
      },
    ],
  },
];

test.each([
  {
    message: "The `reasoning_content` in the thinking mode must be passed back to the API.",
    field: "reasoning_content",
    wanted: { messages: [{}, { reasoning_content: "I call it" }, {}] },
  },
  {
    message: "Function call is missing a thought_signature in functionCall parts.",
    field: "thought_signature",
    wanted: { messages: [{}, { tool_calls: [{ id: "call_1", extra_content: EXTRA }] }, {}] },
  },
  {
    message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
    field: "max_completion_tokens",
    wanted: { max_completion_tokens: 500 },
  },
])(
  "[model.openai.dialect] a server that wants $field gets it as soon as it says so, and from then on",
  async ({ message, field, wanted }) => {
    await using tested = await startTestedModel("openai", { text: "Thanks", requires: { field, message } });
    const request = () => requestOf({ messages: AFTER_A_CALL, tools: [ECHO_TOOL] });
    const turn = await tested.model.respond(request());
    expect(turn.message.content).toEqual([{ type: "text", text: "Thanks" }]);
    await tested.model.respond(request());
    const [first, second, third] = tested.server.requests.map(({ body }) => body);
    expect(first).not.toMatchObject(wanted);
    expect(second).toMatchObject(wanted);
    expect(third).toMatchObject(wanted);
    expect(tested.server.requests).toHaveLength(3);
  },
);

test("[model.openai.dialect] a server that goes on to refuse is not asked for ever", async () => {
  const refusal = { status: 400, text: "max_completion_tokens, reasoning_content, thought_signature" };
  await using tested = await startTestedModel("openai", refusal);
  const error = await failureOf(tested.model.respond(requestOf()));
  expect(error).toMatchObject({ code: "provider_rejected", retry: "never" });
  expect(tested.server.requests).toHaveLength(2);
});

test.each([
  [400, { error: { message: "Unrecognized request argument supplied: stream_options" } }],
  [422, { detail: [{ loc: ["body", "stream_options"], msg: "Extra inputs are not permitted" }] }],
])(
  "[model.openai.dialect] a server that refuses with %i to tell its usage is not asked for it any more",
  async (status, refusal) => {
    const bodies: object[] = [];
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      const body = (await json(request)) as object;
      bodies.push(body);
      const isRefused = "stream_options" in body;
      response.writeHead(isRefused ? status : 200, {
        "content-type": isRefused ? "application/json" : "text/event-stream",
      });
      const chunk = { choices: [{ index: 0, delta: { content: "Thanks" }, finish_reason: "stop" }] };
      response.end(isRefused ? JSON.stringify(refusal) : `data: ${JSON.stringify(chunk)}\n\n`);
    };
    const server = createServer((request, response) => void answer(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const model = createModel(settingsOf("openai", url), {});
    for (let count = 0; count < 2; count += 1) {
      const { message } = await model.respond(requestOf());
      expect(message.content).toEqual([{ type: "text", text: "Thanks" }]);
    }
    server.closeAllConnections();
    server.close();
    expect(bodies.map((body) => "stream_options" in body)).toEqual([true, false, false]);
  },
);
