import type { ScriptedAnswer } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  eventsOf,
  outline,
  shownText,
  streamChat,
  textOf,
  toolResults,
} from "../../../test/support/chat-jobs.ts";
import { MODEL_KEY, startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let system: ChatSystem;
let client: HttpClient;

beforeAll(async () => {
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    // For those that stall alone: an answer that is late on a busy machine would be asked for again.
    hasty: { stall_timeout: 2 },
  });
  client = system.client;
  await client.untilConnected(1);
});
afterAll(() => system.close());

const server = (model: string) => (model.startsWith("claude") ? system.anthropic : system.openai);

const LONG = "It was a bright cold day in April, and the clocks were striking thirteen.";
const GOOD: ScriptedAnswer = { text: LONG, chunk_length: 4 };

test.for([
  ["claude", "ANTHROPIC_API_KEY"],
  ["gpt", "OPENAI_API_KEY"],
] as const)("[chat.auth] a key that %s refuses fails the job at once", async ([model, variable]) => {
  const before = server(model).requests.length;
  // Some providers repeat the key that they refuse.
  server(model).script = { turns: [{ status: 401, text: `invalid x-api-key: ${MODEL_KEY}` }] };
  const events = await streamChat(client, { message: "hello", model });
  const types = events.map(({ type }) => type);
  expect(server(model).requests.length - before, types.join(" ")).toBe(1);
  expect(JSON.stringify(events)).not.toContain(MODEL_KEY);
  const [failed] = eventsOf(events, "job.failed");
  expect(failed?.job.error).toMatchObject({ code: "provider_auth", retryable: false });
  expect(failed?.job.error?.message).toContain(variable);
  expect(failed?.job.error?.message).toContain("[redacted]");
});

test("[chat.secret] the model's key is in no event, no job and no log, even when a provider repeats it", async () => {
  for (const model of ["claude", "gpt"]) {
    for (const status of [400, 401]) {
      server(model).script = { turns: [{ status, text: `no good: ${MODEL_KEY}` }] };
      const job = await client.chat({ message: "hello", model });
      const log = await client.get(`/jobs/${job.id}/events`, { accept: "application/json" });
      expect(`${JSON.stringify(job)} ${await log.text()}`).not.toContain(MODEL_KEY);
    }
    server(model).script = { turns: [[{ status: 500, text: `broken: ${MODEL_KEY}` }, GOOD]] };
    const events = await streamChat(client, { message: "hello", model });
    expect(eventsOf(events, "job.warning")[0]?.message).toContain("broken: [redacted]");
    expect(JSON.stringify(events)).not.toContain(MODEL_KEY);
  }
  const { api, worker } = system.installation;
  expect(worker?.log.text).toContain("no good: [redacted]");
  expect(`${api.log.text} ${worker?.log.text}`).not.toContain(MODEL_KEY);
});

test("[chat.faults.rejected] what the provider refuses fails at once, with its own words", async () => {
  const before = system.anthropic.requests.length;
  system.anthropic.script = { turns: [{ status: 400, text: "prompt is too long: 250000 tokens" }] };
  const job = await client.chat({ message: "hello" });
  expect(job).toMatchObject({ status: "failed", error: { code: "provider_rejected" } });
  expect(job.error?.message).toContain("prompt is too long: 250000 tokens");
  expect(system.anthropic.requests.length - before).toBe(1);
});

test.for([
  ["claude", 429],
  ["claude", 529],
  ["gpt", 429],
] as const)(
  "[chat.faults.retry_after] %s answers %i with Retry-After, which is honoured",
  async ([model, status]) => {
    server(model).script = { turns: [[{ status, retry_after: "1" }, GOOD]] };
    const events = await streamChat(client, { message: "hello", model });
    const [first, second] = eventsOf(events, "turn.started").map(({ time }) => Date.parse(time));
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
    expect(eventsOf(events, "job.warning")).toMatchObject([{ code: "model_retry" }]);
    expect(outline(events)).not.toContain("job.parked");
    expect(events.at(-1)).toMatchObject({
      type: "job.completed",
      attempt: 1,
      job: { result: { text: LONG } },
    });
  },
);

test.for(["claude", "gpt"])("[chat.faults.backoff] %s fails with 5xx, and is asked again", async (model) => {
  const before = server(model).requests.length;
  server(model).script = { turns: [[{ status: 500 }, { status: 503 }, GOOD]] };
  const events = await streamChat(client, { message: "hello", model });
  expect(server(model).requests.length - before).toBe(3);
  expect(eventsOf(events, "job.warning").map(({ code }) => code)).toEqual(["model_retry", "model_retry"]);
  expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { usage: { turns: 1 } } });
});

/** Each breaks after a few deltas have been sent. */
const BREAKS: readonly (readonly [models: string[], what: string, ScriptedAnswer])[] = [
  [["claude", "gpt"], "is cut", { ...GOOD, cut_after: 5 }],
  [["claude-hasty", "gpt-hasty"], "stalls", { ...GOOD, stall_after: 5 }],
  [["claude", "gpt"], "is malformed", { ...GOOD, malformed_after: 5 }],
  [["claude", "gpt"], "ends with an error", { ...GOOD, stream_error: "api_error" }],
];

test.for(BREAKS.flatMap(([models, what, answer]) => models.map((model) => [model, what, answer] as const)))(
  "[chat.faults.broken] a stream of %s that %s: the turn is taken back and made again",
  async ([model, , broken]) => {
    server(model).script = { turns: [[broken, GOOD]] };
    const events = await streamChat(client, { message: "hello", model });
    expect(outline(events)).toEqual([
      "job.queued",
      "job.started",
      "turn.started",
      "text.delta",
      "turn.discarded",
      "job.warning",
      "turn.started",
      "text.delta",
      "turn.finished",
      "job.completed",
    ]);
    // Whoever put the deltas together, and forgot what was discarded, has exactly the answer.
    expect(shownText(events)).toEqual(new Map([[1, LONG]]));
    expect(events.at(-1)).toMatchObject({ job: { result: { text: LONG }, usage: { turns: 1 } } });
  },
);

test("[chat.faults.silent] a provider that never begins is cut off and asked again", async () => {
  system.anthropic.script = { turns: [[{ ...GOOD, first_delay_ms: 60_000 }, GOOD]] };
  const before = system.anthropic.requests.length;
  const events = await streamChat(client, { message: "hello", model: "claude-hasty" });
  const [silent] = system.anthropic.requests.slice(before);
  expect(await silent?.finished).toBe(false);
  expect(eventsOf(events, "turn.discarded")).toEqual([]);
  expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { result: { text: LONG } } });
});

test.for(["claude", "gpt"])(
  "[chat.faults.truncated_call] %s sends a tool call whose JSON is cut: it does not run, and is told",
  async (model) => {
    const name = "fixture__echo";
    const raw_input = '{"text": "half of wha';
    server(model).script = {
      turns: [
        { tool_calls: [{ name, raw_input }] },
        { tool_calls: [{ name, input: { text: "whole" } }] },
        { text: "{{last}}" },
      ],
    };
    const events = await streamChat(client, { message: "hello", model });
    expect(eventsOf(events, "tool.called")).toHaveLength(1);
    const [refused, ran] = eventsOf(events, "tool.returned");
    expect(refused).toMatchObject({ is_error: true, error: { code: "invalid_arguments" } });
    expect(textOf(refused?.result.content ?? [])).toContain("half of wha");
    expect(ran).toMatchObject({ is_error: false });
    expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { result: { text: "whole" } } });
  },
);

test("[chat.faults.truncated_call] calls of an answer that was cut off at its limit do not run", async () => {
  // What is there may look whole, and not be.
  const cut = { name: "fixture__echo", input: { text: "half" } };
  system.anthropic.script = { turns: [{ text: "So", tool_calls: [cut], stop_reason: "max_tokens" }] };
  const events = await streamChat(client, { message: "hello" });
  expect(eventsOf(events, "tool.called")).toEqual([]);
  expect(events.at(-1)).toMatchObject({
    type: "job.completed",
    job: { result: { stop_reason: "max_tokens" } },
  });
  // The conversation is whole all the same.
  const { job } = eventsOf(events, "job.completed")[0] ?? {};
  system.anthropic.script = { turns: [{ text: "on it goes" }] };
  const next = await client.chat({ message: "go on", previous_job_id: job?.id });
  expect(next.result?.text).toBe("on it goes");
  const first = system.anthropic.requests.at(-1)?.body["messages"] as { content: { type: string }[] }[];
  expect(toolResults({ messages: first.slice(0, 3) })).toHaveLength(1);
});
