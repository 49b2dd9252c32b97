import { APIError as AnthropicError } from "@anthropic-ai/sdk";
import { startModelServer } from "@millrace/testing";
import { APIError as OpenAIError } from "openai";
import { expect, test } from "vitest";
import { anthropicClient, ASK, openaiClient, PROVIDERS, serve } from "./model-server-clients.ts";

/** What a promise rejects with. */
async function failureOf(running: Promise<unknown>): Promise<unknown> {
  const [outcome] = await Promise.allSettled([running]);
  if (outcome.status === "fulfilled") throw new Error("it did not fail");
  return outcome.reason;
}

test.each([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [500, "api_error"],
  [529, "overloaded_error"],
])("[testing.model.errors.status] Anthropic's %d is of type %s", async (status, type) => {
  await using server = await serve({ status, text: "Not now", retry_after: "7" });
  const failure = (await failureOf(ASK.anthropic(server))) as AnthropicError;

  expect(failure).toBeInstanceOf(AnthropicError);
  expect(failure).toMatchObject({ status, type, requestID: expect.stringMatching(/^req_/) });
  expect(failure.error).toEqual({
    type: "error",
    error: { type, message: "Not now" },
    request_id: failure.requestID,
  });
  expect(failure.headers?.get("retry-after")).toBe("7");
});

test.each([
  [400, "invalid_request_error", null],
  [401, "invalid_request_error", "invalid_api_key"],
  [429, "requests", "rate_limit_exceeded"],
  [500, "server_error", null],
  [503, "server_error", null],
])("[testing.model.errors.status] OpenAI's %d is of type %s", async (status, type, code) => {
  await using server = await serve({ status, text: "Not now", retry_after: "7" });
  const failure = (await failureOf(ASK.openai(server))) as OpenAIError;

  expect(failure).toBeInstanceOf(OpenAIError);
  expect(failure).toMatchObject({ status, requestID: expect.stringMatching(/^req_/) });
  expect(failure.error).toEqual({ message: "Not now", type, param: null, code });
  expect(failure.headers?.get("retry-after")).toBe("7");
});

test("[testing.model.errors.status] the type of an error may be scripted", async () => {
  await using server = await serve({ status: 429, error_type: "insufficient_quota" });
  const type = "insufficient_quota";
  expect(await failureOf(ASK.anthropic(server))).toMatchObject({ status: 429, type });
  expect(await failureOf(ASK.openai(server))).toMatchObject({ status: 429, type, code: type });
});

test.each(PROVIDERS)(
  "[testing.model.errors.stream] an error within %s's stream follows its text",
  async (provider) => {
    await using server = await serve({ text: "Half a", stream_error: "overloaded_error" });
    const failure = await failureOf(ASK[provider](server));

    expect(failure).toBeInstanceOf(provider === "anthropic" ? AnthropicError : OpenAIError);
    expect(failure).toMatchObject({ status: undefined, type: "overloaded_error" });
    expect(await server.requests[0]?.finished).toBe(true);
  },
);

test.each(PROVIDERS)(
  "[testing.model.faults.stall] %s's stream stalls until the client goes",
  async (provider) => {
    await using server = await serve({ text: "Half a sentence", chunk_length: 6, stall_after: 1 });
    const client = new AbortController();
    const failure = failureOf(ASK[provider](server, { signal: client.signal }));
    const request = await server.request(1);
    expect(server.open).toBe(1);

    client.abort();
    expect(await failure).toBeInstanceOf(Error);
    expect(await request.finished).toBe(false);
    expect(server.open).toBe(0);
  },
);

test("[testing.model.faults.stall] what comes before the stall has arrived", async () => {
  await using server = await serve({ text: "Half a sentence", chunk_length: 6, stall_after: 1 });
  const running = anthropicClient(server).messages.stream({
    model: "scripted",
    max_tokens: 100,
    messages: [{ role: "user", content: "Hello" }],
  });
  const { promise: seen, resolve } = Promise.withResolvers<string>();
  running.on("text", (_delta, snapshot) => resolve(snapshot));
  expect(await seen).toBe("Half a");
  running.abort();
  await failureOf(running.finalMessage());
  expect(await server.requests[0]?.finished).toBe(false);
});

test.each(PROVIDERS)(
  "[testing.model.faults.cut] %s's stream is cut after so many deltas",
  async (provider) => {
    await using server = await serve({ text: "Half a sentence", chunk_length: 6, cut_after: 1 });
    await failureOf(ASK[provider](server));
    expect(await server.requests[0]?.finished).toBe(false);

    let text = "";
    const read = async () => {
      const stream = await openaiClient(server).chat.completions.create({
        model: "scripted",
        stream: true,
        messages: [{ role: "user", content: "Hello" }],
      });
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
    };
    await failureOf(read());
    expect(text).toBe("Half a");
  },
);

test.each(PROVIDERS)(
  "[testing.model.faults.malformed] %s's stream has a line that is no JSON",
  async (provider) => {
    await using server = await serve({ text: "Hello", malformed_after: 1 });
    await expect(ASK[provider](server)).rejects.toThrow(/JSON/);
  },
);

test("[testing.model.faults.whole] a whole answer is cut, spoilt or held back likewise", async () => {
  await using server = await serve({ text: "Hello", cut_after: 0 });
  const ask = (signal?: AbortSignal) =>
    fetch(`${server.openaiUrl}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "scripted", messages: [{ role: "user", content: "Hello" }] }),
      ...(signal ? { signal } : {}),
    });
  await expect((await ask()).text()).rejects.toThrow("terminated");

  server.script = { turns: [{ text: "Hello", malformed_after: 1 }] };
  await expect((await ask()).json()).rejects.toThrow(SyntaxError);

  server.script = { turns: [{ text: "Hello", stall_after: 1 }] };
  const client = new AbortController();
  const stalled = await ask(client.signal);
  client.abort();
  await expect(stalled.text()).rejects.toThrow("aborted");
  expect(await server.requests[2]?.finished).toBe(false);
});

test.each(PROVIDERS)("[testing.model.faults.slow] %s's answer keeps the scripted pace", async (provider) => {
  await using server = await serve({
    text: "abcd",
    chunk_length: 1,
    first_delay_ms: 60,
    chunk_delay_ms: 20,
  });
  const begin = performance.now();
  expect(await ASK[provider](server)).toBe("abcd");
  // Timers may fire a millisecond early.
  expect(performance.now() - begin).toBeGreaterThanOrEqual(60 + 3 * 20 - 5);
});

test("[testing.model.key] another key than the server's is answered with 401", async () => {
  await using server = await startModelServer({ script: { turns: [{ text: "Hello" }] }, apiKey: "right" });
  for (const provider of PROVIDERS) {
    expect(await ASK[provider](server, { apiKey: "right" })).toBe("Hello");
    expect(await failureOf(ASK[provider](server, { apiKey: "wrong" }))).toMatchObject({ status: 401 });
  }
  const old = await fetch(`${server.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "wrong", authorization: "Bearer right" },
  });
  expect(old.status).toBe(401);
});

test.each(["/v1/messages/batches", "/v1/models"])(
  "[testing.model.errors.path] an unknown path is 404: %s",
  async (path) => {
    await using server = await serve({ text: "Hello" });
    const response = await fetch(`${server.url}${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { type: "not_found_error" } });
    expect(server.requests).toEqual([]);
  },
);
