import { startFixtureHttp, type FixtureHttp, type ModelScript } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventsOf, streamChat, textOf, toolResults } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { mcpServer } from "../../../test/support/mcp-servers.ts";

let fixture: FixtureHttp;
let system: ChatSystem;
let client: HttpClient;

beforeAll(async () => {
  fixture = await startFixtureHttp();
  const transport = { type: "http", url: fixture.httpUrl, headers: {} } as const;
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [mcpServer("fixture", transport)],
  });
  client = system.client;
  await client.untilConnected(1);
});
afterAll(async () => {
  await system.close();
  await fixture.close();
});

/** A model that never has enough: 100 tokens in, 20 out, two calls of a tool, in every turn. */
const INSATIABLE: ModelScript = {
  turns: [
    {
      text: "Again.",
      tool_calls: [
        { name: "fixture__read_only", input: {} },
        { name: "fixture__read_only", input: {} },
      ],
    },
  ],
};

/** The tool calls of this fixture so far. */
const calls = () => fixture.stats.calls;

test.for([
  [{}, 5],
  [{ max_tool_iterations: 1 }, 1],
  [{ max_tool_iterations: 7 }, 7],
] as const)("[chat.limits.iterations] a model that calls for ever is stopped: %j", async ([limit, turns]) => {
  system.anthropic.script = INSATIABLE;
  const before = calls();
  const job = await client.chat({ message: "go", ...limit });
  expect(job).toMatchObject({
    status: "completed",
    result: { text: "Again.", stop_reason: "max_tool_iterations" },
    usage: { turns, tool_calls: 2 * turns },
  });
  // The last turn's tools have run as well.
  expect(calls() - before).toBe(2 * turns);
});

test.for([
  // 120 tokens and 0.0006 dollars for each turn.
  [{ max_tokens: 300 }, { turns: 3, tool_calls: 4 }],
  [{ max_cost_usd: 0.001 }, { turns: 2, tool_calls: 2 }],
  [{ max_tool_calls: 3 }, { turns: 2, tool_calls: 3 }],
  [{ max_tool_calls: 0 }, { turns: 1, tool_calls: 0 }],
] as const)("[chat.limits.budget] %j ends a job with what it has", async ([budget, usage]) => {
  system.anthropic.script = INSATIABLE;
  const before = calls();
  const job = await client.chat({ message: "go", budget, max_tool_iterations: 50 });
  expect(job).toMatchObject({
    status: "completed",
    result: { text: "Again.", stop_reason: "budget_exhausted" },
    usage,
    error: null,
  });
  expect(calls() - before).toBe(usage.tool_calls);
});

test("[chat.limits.budget] the model may not say more than the budget leaves", async () => {
  system.anthropic.script = {
    turns: [{ tool_calls: [{ name: "fixture__echo", input: { text: "x" } }] }, { text: "enough" }],
  };
  await client.chat({ message: "go", budget: { max_tokens: 500 } });
  const limits = system.anthropic.requests.slice(-2).map(({ body }) => body["max_tokens"]);
  expect(limits).toEqual([500, 380]);
});

test.for([
  ["max_tokens", "max_tokens"],
  ["refusal", "refusal"],
] as const)("[chat.limits.stop] %s ends the job, and it says so", async ([reason, expected]) => {
  system.anthropic.script = { turns: [{ text: "I must", stop_reason: reason }] };
  const job = await client.chat({ message: "go" });
  expect(job).toMatchObject({ status: "completed", result: { text: "I must", stop_reason: expected } });
});

test("[chat.results.large] the model gets head and tail of a large result, the log all of it", async () => {
  const tool_calls = [{ name: "fixture__big", input: { bytes: 1_000_000 } }];
  system.anthropic.script = { turns: [{ tool_calls }, { text: "read" }] };
  const events = await streamChat(client, { message: "go" });
  const [returned] = eventsOf(events, "tool.returned");
  expect(textOf(returned?.result.content ?? [])).toHaveLength(1_000_000);
  const [result] = toolResults(system.anthropic.requests.at(-1)?.body ?? {});
  const seen = textOf(result?.["content"] as []);
  expect(seen.length).toBeLessThanOrEqual(50 * 1_024);
  expect(seen).toMatch(/^x+\n\[… \d+ bytes left out …\]\nx+$/);
});

test("[chat.results.too_large] a tool that returns 50 MB is refused alone, and the model is told", async () => {
  const tool_calls = [
    { name: "fixture__big", input: { bytes: 50_000_000 } },
    { name: "fixture__echo", input: { text: "still here" } },
  ];
  system.anthropic.script = { turns: [{ tool_calls }, { text: "too much" }] };
  const events = await streamChat(client, { message: "go" });
  const big = eventsOf(events, "tool.returned").find(({ tool }) => tool === "fixture__big");
  expect(big).toMatchObject({ is_error: true, error: { code: "result_too_large" } });
  const results = toolResults(system.anthropic.requests.at(-1)?.body ?? {});
  expect(results.map(({ is_error }) => is_error ?? false)).toEqual([true, false]);
  expect(JSON.stringify(results).length).toBeLessThan(2_000);
  expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { result: { text: "too much" } } });
});

test.for([
  ["image", "image", "image/png"],
  ["pdf", "document", "application/pdf"],
] as const)(
  "[chat.results.media] what the tool %s returns reaches the model as a block of its kind",
  async ([tool, type, media_type]) => {
    system.anthropic.script = {
      turns: [{ tool_calls: [{ name: `fixture__${tool}`, input: {} }] }, { text: "seen" }],
    };
    expect(await client.chat({ message: "look" })).toMatchObject({ result: { text: "seen" } });
    const [result] = toolResults(system.anthropic.requests.at(-1)?.body ?? {});
    expect(result).toMatchObject({ content: [{ type, source: { type: "base64", media_type } }] });
  },
);

test("[chat.results.media] an image reaches a model of the other wire format too", async () => {
  system.openai.script = {
    turns: [{ tool_calls: [{ name: "fixture__image", input: {} }] }, { text: "seen" }],
  };
  const job = await client.chat({ message: "look", model: "gpt", max_tool_iterations: 2 });
  expect(job.status).toBe("completed");
  expect(JSON.stringify(system.openai.requests.at(-1)?.body)).toContain(
    '"image_url":{"url":"data:image/png;base64,',
  );
});

test.for(["claude", "gpt"])(
  "[chat.tools.deep] arguments of %s that nest too deep are told to the model, and fail no job",
  async (model) => {
    const raw_input = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    const call = { name: "fixture__read_only", raw_input };
    const server = model === "gpt" ? system.openai : system.anthropic;
    server.script = { turns: [{ tool_calls: [call], chunk_length: 10_000 }, { text: "Enough" }] };
    const before = calls();
    const events = await streamChat(client, { message: "go", model });
    expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { result: { text: "Enough" } } });
    expect(eventsOf(events, "tool.returned")).toMatchObject([
      { is_error: true, error: { code: "invalid_arguments" } },
    ]);
    expect(calls()).toBe(before);
  },
);
