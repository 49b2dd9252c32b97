import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { createModel } from "../src/model/create-model.ts";
import { turnUsage } from "../src/model/usage.ts";
import {
  API_KEY,
  ECHO_TOOL,
  PROVIDERS,
  requestOf,
  settingsOf,
  startTestedModel,
  textOf,
  userText,
  type WireProvider,
} from "./model-fixtures.ts";

describe.each(PROVIDERS)("%s", (provider) => {
  test("[model.answers.text] text comes in deltas and whole", async () => {
    await using tested = await startTestedModel(provider, {
      text: "Good morning to you all",
      chunk_length: 4,
    });
    const request = requestOf();
    const turn = await tested.model.respond(request);
    expect(turn.message).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "Good morning to you all" }],
    });
    expect(turn.stopReason).toBe("end_turn");
    expect(request.deltas.length).toBeGreaterThan(3);
    expect(textOf(request.deltas)).toBe("Good morning to you all");
    expect(await tested.server.requests[0]?.finished).toBe(true);
  });

  test("[model.answers.thinking] thinking comes in deltas, before the text and apart from it", async () => {
    await using tested = await startTestedModel(provider, { thinking: "Let me think about it", text: "Yes" });
    const request = requestOf();
    const turn = await tested.model.respond(request);
    expect(textOf(request.deltas, "thinking")).toBe("Let me think about it");
    expect(textOf(request.deltas)).toBe("Yes");
    const signature = provider === "openai" ? "" : (expect.stringMatching(/./) as string);
    expect(turn.message.content).toEqual([
      { type: "thinking", thinking: "Let me think about it", signature },
      { type: "text", text: "Yes" },
    ]);
  });

  test("[model.answers.tool-calls] parallel tool calls keep their order, ids and arguments", async () => {
    const tool_calls = [
      { name: ECHO_TOOL.name, input: { text: "one" }, id: "call_1" },
      { name: ECHO_TOOL.name, input: { text: "two", deep: { list: [1, null] } }, id: "call_2" },
      { name: ECHO_TOOL.name, raw_input: "", id: "call_3" },
    ];
    await using tested = await startTestedModel(provider, { text: "I call", tool_calls, chunk_length: 3 });
    const turn = await tested.model.respond(requestOf({ tools: [ECHO_TOOL] }));
    const call = { type: "tool_use", name: ECHO_TOOL.name };
    expect(turn.message.content).toEqual([
      { type: "text", text: "I call" },
      { ...call, id: "call_1", input: { text: "one" } },
      { ...call, id: "call_2", input: { text: "two", deep: { list: [1, null] } } },
      { ...call, id: "call_3", input: {} },
    ]);
    expect(turn.stopReason).toBe("tool_use");
  });

  test("[model.answers.ids] ids that are missing, odd, or taken already are made anew", async () => {
    const tool_calls = ["", "same", "same", "earlier", "odd id!"].map((id) => ({ name: ECHO_TOOL.name, id }));
    await using tested = await startTestedModel(provider, { tool_calls });
    const messages = [
      userText("Hello"),
      {
        role: "assistant" as const,
        content: [{ type: "tool_use" as const, id: "earlier", name: ECHO_TOOL.name, input: {} }],
      },
      {
        role: "user" as const,
        content: [{ type: "tool_result" as const, tool_use_id: "earlier", content: [], is_error: false }],
      },
    ];
    const turn = await tested.model.respond(requestOf({ messages, tools: [ECHO_TOOL] }));
    const ids = turn.message.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
    expect(new Set([...ids, "earlier"]).size).toBe(6);
    expect(ids[1]).toBe("same");
    for (const id of ids) expect(id).toMatch(/^[\w-]{1,40}$/);
  });

  test.each(['{"text": "cut of', "not JSON", '["list"]'])(
    "[model.answers.malformed-input] arguments %s are kept as they are, and no error",
    async (raw_input) => {
      await using tested = await startTestedModel(provider, {
        tool_calls: [{ name: ECHO_TOOL.name, raw_input }],
        stop_reason: "max_tokens",
      });
      const turn = await tested.model.respond(requestOf({ tools: [ECHO_TOOL] }));
      expect(turn.message.content).toMatchObject([
        { type: "tool_use", input: {}, malformed_input: raw_input },
      ]);
      expect(turn.stopReason).toBe("max_tokens");
    },
  );

  test.each(["max_tokens", "refusal", "end_turn"] as const)(
    "[model.answers.stop-reason] %s is passed on with what was said",
    async (stop_reason) => {
      await using tested = await startTestedModel(provider, { text: "Half a", stop_reason });
      const turn = await tested.model.respond(requestOf());
      expect(turn.stopReason).toBe(stop_reason);
      expect(turn.message.content).toEqual([{ type: "text", text: "Half a" }]);
    },
  );

  const endless = "x".repeat(8 * 1_024 * 1_024);
  test.each([
    ["text", { text: endless }],
    ["thinking", { thinking: endless }],
    ["arguments", { tool_calls: [{ name: ECHO_TOOL.name, raw_input: endless }] }],
  ])("[model.answers.endless] an answer without an end to its %s is cut off", async (_what, answer) => {
    const pace = { chunk_length: 256 * 1_024, stall_after: 24 };
    await using tested = await startTestedModel(provider, { ...answer, ...pace });
    const request = requestOf({ tools: [ECHO_TOOL] });
    const turn = await tested.model.respond(request);
    expect(turn.stopReason).toBe("max_tokens");
    expect(turn.message.content).toHaveLength(1);
    expect(JSON.stringify(turn).length).toBeLessThan(5 * 1_024 * 1_024);
    expect(await tested.server.requests[0]?.finished).toBe(false);
  });

  test("[model.answers.stop-reason] a refusal without a word is a refusal", async () => {
    await using tested = await startTestedModel(provider, { stop_reason: "refusal" });
    expect(await tested.model.respond(requestOf())).toMatchObject({
      stopReason: "refusal",
      message: { content: [] },
    });
  });

  test("[model.answers.usage] tokens are counted once, with those of the cache apart, and have a cost", async () => {
    const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
    const usage = { input: 1_000, output: 200, cache_read: 5_000, cache_write: 40 };
    await using tested = await startTestedModel(provider, { text: "Hello", usage }, { price });
    const turn = await tested.model.respond(requestOf());
    expect(turnUsage(turn.usage, tested.model.settings.price)).toEqual({
      input_tokens: 1_000,
      output_tokens: 200,
      cache_read_tokens: 5_000,
      cache_write_tokens: 40,
      cost_usd: 0.00765,
    });
  });
});

const ENDED: Readonly<Record<WireProvider, readonly object[]>> = {
  openai: [
    { choices: [{ delta: { content: "Hello" } }] },
    { choices: [{ delta: {}, finish_reason: "stop" }] },
  ],
  anthropic: [
    { type: "message_start", message: { usage: { input_tokens: 7 } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "Hello" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
  ],
};

test.each(PROVIDERS)(
  "[model.answers.ended] an answer of %s that has said how it ended is whole, though its stream is cut off",
  async (provider) => {
    const lines = ENDED[provider].map((event) => {
      const name = "type" in event ? `event: ${String(event.type)}\n` : "";
      return `${name}data: ${JSON.stringify(event)}\n\n`;
    });
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(lines.join(""), () => response.destroy());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const environment = { OPENAI_API_KEY: API_KEY, ANTHROPIC_API_KEY: API_KEY };
    const turn = await createModel(settingsOf(provider, url), environment).respond(requestOf());
    server.close();
    expect(turn.message.content).toEqual([{ type: "text", text: "Hello" }]);
    expect(turn.stopReason).toBe("end_turn");
  },
);
