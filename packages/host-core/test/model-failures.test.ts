import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { startModelServer, type ScriptedAnswer } from "@millrace/testing";
import getPort from "get-port";
import { describe, expect, test } from "vitest";
import { createModel } from "../src/model/create-model.ts";
import { API_KEY, failureOf, PROVIDERS, requestOf, settingsOf, startTestedModel } from "./model-fixtures.ts";

const REJECTED = { code: "provider_rejected", retry: "never", retryAfterMs: null };
const TRY_AGAIN = { code: "provider_unavailable", retry: "backoff", retryAfterMs: null };
const COOL_DOWN = { code: "provider_unavailable", retry: "cool_down", retryAfterMs: null };
const AUTH = { code: "provider_auth", retry: "never", retryAfterMs: null };

describe.each(PROVIDERS)("%s", (provider) => {
  test.each<[string, ScriptedAnswer, object]>([
    ["400", { status: 400 }, REJECTED],
    ["402", { status: 402 }, REJECTED],
    ["403", { status: 403 }, AUTH],
    ["404", { status: 404 }, REJECTED],
    ["408", { status: 408 }, TRY_AGAIN],
    ["409", { status: 409 }, TRY_AGAIN],
    ["413", { status: 413 }, REJECTED],
    ["422", { status: 422 }, REJECTED],
    ["429", { status: 429 }, COOL_DOWN],
    ["429 that asks for 7 s", { status: 429, retry_after: "7" }, { ...COOL_DOWN, retryAfterMs: 7_000 }],
    ["429 for an empty account", { status: 429, error_type: "insufficient_quota" }, REJECTED],
    ["500", { status: 500 }, TRY_AGAIN],
    ["503", { status: 503 }, TRY_AGAIN],
    ["503 by overload", { status: 503, error_type: "overloaded_error" }, COOL_DOWN],
    ["529", { status: 529, error_type: "overloaded_error" }, COOL_DOWN],
    ["overload within the stream", { text: "Half", stream_error: "overloaded_error" }, COOL_DOWN],
    ["a limit within the stream", { text: "Half", stream_error: "rate_limit_error" }, COOL_DOWN],
    ["a failure within the stream", { text: "Half", stream_error: "api_error" }, TRY_AGAIN],
    ["an unknown error within the stream", { text: "Half", stream_error: "new_error" }, TRY_AGAIN],
    ["a refusal within the stream", { text: "Half", stream_error: "invalid_request_error" }, REJECTED],
    ["a connection that breaks at once", { text: "Half", cut_after: 0 }, TRY_AGAIN],
    ["a connection that breaks in between", { text: "Half of the answer is here", cut_after: 1 }, TRY_AGAIN],
    ["a line that is no JSON", { text: "Half of the answer is here", malformed_after: 1 }, TRY_AGAIN],
  ])("[model.errors.table] %s", async (_what, answer, expected) => {
    await using tested = await startTestedModel(provider, { text: "Scripted words", ...answer });
    const error = await failureOf(tested.model.respond(requestOf()));
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(new RegExp(`^Model "tested" \\(${provider} at 127\\.0\\.0\\.1:\\d+\\) `));
    if (answer.status !== undefined) expect(error.message).toContain(`HTTP ${answer.status}: Scripted words`);
    // One attempt: retrying is the caller's.
    expect(tested.server.requests).toHaveLength(1);
  });

  test("[model.errors.key] a key that is refused is named by its variable and not shown", async () => {
    await using server = await startModelServer({ script: { turns: [{}] }, apiKey: "another" });
    const baseUrl = provider === "anthropic" ? server.url : server.openaiUrl;
    const settings = settingsOf(provider, baseUrl, { apiKeyVariable: "MY_KEY" });
    const error = await failureOf(createModel(settings, { MY_KEY: API_KEY }).respond(requestOf()));
    expect(error).toMatchObject(AUTH);
    expect(error.message).toMatch(/Set MY_KEY /);
    expect(error.message).not.toContain(API_KEY);
  });

  test.each(["sk\u2013abc-0123456789", "sk-abc\n0123456789", "sk-abc\u007f0123456789"])(
    "[model.errors.key.unfit] a key %j that cannot be sent is named by its variable, not shown, and asks nobody",
    async (key) => {
      await using tested = await startTestedModel(provider, {});
      const settings = { ...tested.model.settings, apiKeyVariable: "MY_KEY" };
      const error = await failureOf(createModel(settings, { MY_KEY: key }).respond(requestOf()));
      expect(error).toMatchObject(AUTH);
      expect(error.message).toMatch(/Set MY_KEY /);
      expect(error.message).not.toMatch(/abc|0123456789/);
      expect(tested.server.requests).toEqual([]);
    },
  );

  test("[model.errors.key.blanks] blanks and line ends around a key are no part of it", async () => {
    await using tested = await startTestedModel(provider, { text: "Hello" });
    const model = createModel(tested.model.settings, {
      [`${provider.toUpperCase()}_API_KEY`]: `\n ${API_KEY}\r\n`,
    });
    expect((await model.respond(requestOf())).message.content).toMatchObject([{ text: "Hello" }]);
  });

  test("[model.errors.secret] a key that the provider repeats is taken out, and a long message is cut", async () => {
    const text = `Odd key ${API_KEY} ${"x".repeat(5_000)}`;
    await using tested = await startTestedModel(provider, { status: 400, text });
    const { message } = await failureOf(tested.model.respond(requestOf()));
    expect(message).toContain("Odd key [redacted] xxx");
    expect(message).not.toContain(API_KEY);
    expect(message.length).toBeLessThan(1_300);
  });

  test("[model.errors.unreachable] a provider that is not there may be tried again", async () => {
    const url = `http://127.0.0.1:${await getPort()}`;
    const environment = { ANTHROPIC_API_KEY: API_KEY, OPENAI_API_KEY: API_KEY };
    const error = await failureOf(createModel(settingsOf(provider, url), environment).respond(requestOf()));
    expect(error).toMatchObject(TRY_AGAIN);
    expect(error.message).toMatch(/ECONNREFUSED.*base_url/s);
  });

  test.each([
    ["a web page", "text/html", "<html>Welcome</html>"],
    ["nothing", "text/event-stream", ""],
    [
      "half an answer",
      "text/event-stream",
      'event: message_start\ndata: {"type":"message_start","message":{"usage":{}}}\n\n',
    ],
    [
      "an event of another shape",
      "text/event-stream",
      'event: message_start\ndata: {"type":"message_start","choices":[{}]}\n\n',
    ],
  ])(
    "[model.errors.broken] a server that sends %s and ends may be tried again",
    async (_what, type, body) => {
      const server = createServer((_request, response) => {
        response.writeHead(200, { "Content-Type": type }).end(body);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const model = createModel(settingsOf(provider, url), {
        [`${provider.toUpperCase()}_API_KEY`]: API_KEY,
      });
      const error = await failureOf(model.respond(requestOf()));
      server.closeAllConnections();
      server.close();
      expect(error).toMatchObject(TRY_AGAIN);
    },
  );

  test.each([
    ["application/json", '{"error":{"message":"model not loaded"}}', TRY_AGAIN, "model not loaded"],
    ["application/json", '{"error":{"message":"no","type":"invalid_request_error"}}', REJECTED, "no"],
    ["text/html; charset=utf-8", "<html>Log in", TRY_AGAIN, "text/html; charset=utf-8 in place of"],
  ])(
    "[model.errors.no-stream] %s in place of a stream is told as that: %s",
    async (type, body, verdict, words) => {
      const server = createServer((_request, response) => {
        response.writeHead(200, { "content-type": type }).end(body);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const environment = { ANTHROPIC_API_KEY: API_KEY, OPENAI_API_KEY: API_KEY };
      const error = await failureOf(createModel(settingsOf(provider, url), environment).respond(requestOf()));
      server.closeAllConnections();
      server.close();
      expect(error).toMatchObject(verdict);
      expect(error.message).toContain(words);
    },
  );

  test("[model.errors.unconfigured] a model without its key names the variable, and asks nobody", async () => {
    const settings = settingsOf(provider, null, { isConfigured: false });
    const error = await failureOf(createModel(settings, {}).respond(requestOf()));
    expect(error).toMatchObject(AUTH);
    expect(error.message).toContain(`Set ${provider.toUpperCase()}_API_KEY`);
  });
});

test("[model.openai.keyless] a server of one's own is asked without a key", async () => {
  await using server = await startModelServer({ script: { turns: [{ text: "Hello" }] } });
  const model = createModel(settingsOf("openai", server.openaiUrl), {});
  expect((await model.respond(requestOf())).message.content).toEqual([{ type: "text", text: "Hello" }]);
});

test("[model.errors.logged] a failure is told to the logger with its code", async () => {
  await using tested = await startTestedModel("anthropic", { status: 500 });
  const lines: object[] = [];
  const ignore = () => {};
  const logger = { debug: (fields: object) => lines.push(fields), info: ignore, warn: ignore, error: ignore };
  const model = createModel(tested.model.settings, { ANTHROPIC_API_KEY: API_KEY }, { logger });
  await failureOf(model.respond(requestOf()));
  expect(lines).toEqual([
    { model: "tested", code: "provider_unavailable", retry: "backoff", retryAfterMs: null },
  ]);
});
