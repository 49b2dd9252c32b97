import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventsOf, outline, streamChat } from "../../../test/support/chat-jobs.ts";
import { MODEL_KEY, PRICE, startChatSystem } from "../../../test/support/chat-system.ts";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

/** As it is after a clone: the default models file, and no key. */
let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

test("[chat.demo] without a key the default model shows a real loop with a real tool", async () => {
  const events = await streamChat(client, { message: "echo text=hello" });
  expect(outline(events)).toEqual([
    "job.queued",
    "job.started",
    "turn.started",
    "text.delta",
    "turn.finished",
    "tool.called",
    "tool.returned",
    "turn.started",
    "text.delta",
    "turn.finished",
    "job.completed",
  ]);
  expect(eventsOf(events, "tool.called")).toMatchObject([
    { tool: "fixture__echo", arguments: { text: "hello" } },
  ]);
  const [completed] = eventsOf(events, "job.completed");
  expect(completed?.job).toMatchObject({
    result: { text: expect.stringMatching(/fixture__echo returned:\nhello.*no language model/s) as string },
    usage: { turns: 2, tool_calls: 1, cost_usd: 0 },
  });
});

test("[chat.models] without keys GET /models and /health/ready say that the demo is all there is", async () => {
  const { models } = await client.read<{ models: { alias: string }[] }>("/models");
  expect(models.filter((model) => "is_default" in model && model.is_default)).toMatchObject([
    { alias: "demo", provider: "demo", configured: true },
  ]);
  expect(models).toContainEqual(expect.objectContaining({ provider: "anthropic", configured: false }));
  const ready = await client.read<{ providers: object }>("/health/ready");
  expect(ready.providers).toEqual({ anthropic: false, openai: false, demo: true });
});

test("[chat.auth] a model without its key fails its job at once, and the error names the variable", async () => {
  const job = await client.chat({ message: "hello", model: "claude-sonnet" });
  expect(job).toMatchObject({ status: "failed", error: { code: "provider_auth", retryable: false } });
  expect(job.error?.message).toContain("ANTHROPIC_API_KEY");
});

test("[chat.models.default] the api says what the default is: a worker without its key fails the job and uses no other model", async () => {
  await using system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [],
    worker: { ANTHROPIC_API_KEY: "" },
  });
  await system.startWorker();
  for (const model of [undefined, "default"]) {
    const job = await system.client.chat({ message: "hello", model });
    expect(job).toMatchObject({
      status: "failed",
      request: { model: "claude" },
      error: { code: "provider_auth", message: expect.stringContaining("ANTHROPIC_API_KEY") as string },
    });
  }
});

test.for([undefined, "default"])(
  "[chat.models.default] a request that leaves it to the api comes again as the same request: %s",
  async (model) => {
    await using system = await startChatSystem({ redisUrl: inject("redisUrl"), servers: [] });
    const request = { type: "chat", message: "hello", ...(model && { model }) };
    const headers = { "idempotency-key": "only-once" };
    const first = await jobOf(await system.client.post("/jobs", request, headers));
    expect(first.request).toMatchObject({ model: "claude" });
    const again = await system.client.post("/jobs", request, headers);
    expect(again.status).toBe(200);
    expect((await jobOf(again)).id).toBe(first.id);
  },
);

test("[chat.models] with keys they tell aliases, limits, prices and providers, and no key", async () => {
  await using system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [],
    api: { API_KEYS: "me:my-secret" },
  });
  await expectProblem(await system.client.get("/models"), "unauthorized");
  const text = await (await system.client.as("my-secret").get("/models")).text();
  expect(text).not.toContain(MODEL_KEY);
  const shared = {
    configured: true,
    context_tokens: null,
    max_output_tokens: 4_096,
    price_per_million_tokens: PRICE,
  };
  expect(JSON.parse(text)).toEqual({
    models: [
      { alias: "claude", provider: "anthropic", model: "claude-scripted", is_default: true, ...shared },
      { alias: "gpt", provider: "openai", model: "gpt-scripted", is_default: false, ...shared },
      expect.objectContaining({ alias: "demo", provider: "demo", is_default: false }),
    ],
  });
  const ready = await system.client.read<object>("/health/ready");
  expect(ready).toEqual({
    status: "ready",
    redis: true,
    workers: 0,
    providers: { anthropic: true, openai: true, demo: true },
  });
});
