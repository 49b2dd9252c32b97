import type { Job } from "@millrace/contracts";
import { startFixtureHttp, type FixtureHttp } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { startAwakeTime } from "../../../test/support/awake-time.ts";
import {
  endOf,
  eventsOf,
  logOf,
  outline,
  streamChat,
  submitChat,
  textOf,
  toolResults,
  untilEvent,
} from "../../../test/support/chat-jobs.ts";
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
    servers: [mcpServer("patient", transport), mcpServer("hasty", transport, { toolTimeoutMs: 300 })],
    model: { timeout: 3 },
    worker: { CHAT_CONCURRENCY: "1" },
  });
  client = system.client;
  await client.untilConnected(2);
});
afterAll(async () => {
  await system.close();
  await fixture.close();
});

const STALLS = { turns: [{ text: "once upon a time", chunk_length: 5, stall_after: 2 }] };

function ranMs(job: Job | undefined): number {
  return Date.parse(job?.finished_at ?? "") - Date.parse(job?.started_at ?? "");
}

test("[timeouts.job] a job whose time is over in the model's answer fails, and the model is let go", async () => {
  system.anthropic.script = STALLS;
  const asked = system.anthropic.requests.length + 1;
  const events = await streamChat(client, { message: "tell", timeout_ms: 1_500 });
  const [failed] = eventsOf(events, "job.failed");
  expect(failed?.job).toMatchObject({ error: { code: "timeout", retryable: true }, result: null });
  expect(failed?.job.error?.message).toContain("timeout_ms");
  expect(ranMs(failed?.job)).toBeGreaterThanOrEqual(1_490);
  // Long before the model's own timeout.
  using ended = startAwakeTime();
  expect(await (await system.anthropic.request(asked)).finished).toBe(false);
  expect(ended.ms).toBeLessThan(1_000);
});

test("[timeouts.job] a job whose time is over in a tool fails, and the tool is told", async () => {
  const told = fixture.stats.cancelled.length;
  system.anthropic.script = { turns: [{ tool_calls: [{ name: "patient__wait", input: { ms: 60_000 } }] }] };
  const job = await client.chat({ message: "wait", timeout_ms: 2_000 });
  expect(job).toMatchObject({
    status: "failed",
    error: { code: "timeout" },
    usage: { turns: 1, tool_calls: 1 },
  });
  expect(ranMs(job)).toBeLessThan(15_000);
  expect(fixture.stats.cancelled.slice(told)).toEqual(["wait"]);
});

test("[timeouts.queue] a job that nobody starts in time fails where it waits, and never runs", async () => {
  system.openai.script = STALLS;
  system.anthropic.script = { turns: [{ text: "yes" }] };
  const busy = await submitChat(client, { message: "busy", model: "gpt", timeout_ms: 20_000 });
  await untilEvent(client, busy, "job.started");
  const asked = system.anthropic.requests.length;
  const waiting = await submitChat(client, { message: "hello", queue_timeout_ms: 300 });
  const ended = await endOf(client, waiting);
  expect(ended).toMatchObject({
    status: "failed",
    started_at: null,
    worker_id: null,
    error: { code: "queue_timeout", retryable: true },
  });
  expect(ended.error?.message).toContain("CHAT_CONCURRENCY");
  const waitedMs = Date.parse(ended.finished_at ?? "") - Date.parse(ended.created_at);
  expect(waitedMs).toBeGreaterThanOrEqual(290);
  expect(waitedMs).toBeLessThan(5_000);
  expect(outline(await logOf(client, waiting))).toEqual(["job.queued", "job.failed"]);

  await client.post(`/jobs/${busy.id}/cancel`, {});
  expect((await client.chat({ message: "next" })).status).toBe("completed");
  expect(system.anthropic.requests).toHaveLength(asked + 1);
});

test("[timeouts.queue] a job that was started in time is none of its business", async () => {
  system.anthropic.script = {
    turns: [{ tool_calls: [{ name: "patient__wait", input: { ms: 600 } }] }, { text: "yes" }],
  };
  const job = await client.chat({ message: "hello", queue_timeout_ms: 1_500 });
  expect(job).toMatchObject({ status: "completed", result: { text: "yes" } });
});

test.for(["claude", "gpt"])(
  "[timeouts.model] an answer of %s that takes longer than the model's timeout fails the job",
  async (model) => {
    const server = model === "claude" ? system.anthropic : system.openai;
    // It never pauses, and would speak for minutes.
    server.script = { turns: [{ text: "and so on ".repeat(2_000), chunk_delay_ms: 20 }] };
    const asked = server.requests.length + 1;
    const events = await streamChat(client, { message: "tell", model });
    const [failed] = eventsOf(events, "job.failed");
    expect(failed?.job.error).toMatchObject({ code: "model_timeout" });
    expect(failed?.job.error?.message).toContain(model);
    expect(eventsOf(events, "turn.started")).toHaveLength(1);
    expect(await (await server.request(asked)).finished).toBe(false);
  },
);

test("[timeouts.tool] a tool that never returns is cut off after the server's tool_timeout, and the model is told", async () => {
  const told = fixture.stats.cancelled.length;
  const tool_calls = [
    { name: "hasty__wait", input: { ms: 60_000 } },
    { name: "patient__echo", input: { text: "fine" } },
  ];
  system.anthropic.script = { turns: [{ tool_calls }, { text: "too slow" }] };
  const events = await streamChat(client, { message: "wait" });
  const cut = eventsOf(events, "tool.returned").find(({ tool }) => tool === "hasty__wait");
  expect(cut).toMatchObject({ is_error: true, error: { code: "tool_timeout" }, execution_time_ms: null });
  const [slow, quick] = toolResults(system.anthropic.requests.at(-1)?.body ?? {});
  expect(slow).toMatchObject({ is_error: true });
  expect(textOf(slow?.["content"] as [])).toContain("took longer than 0.3 s");
  expect(textOf(quick?.["content"] as [])).toBe("fine");
  expect(fixture.stats.cancelled.slice(told)).toEqual(["wait"]);
  expect(events.at(-1)).toMatchObject({ type: "job.completed", job: { result: { text: "too slow" } } });
});
