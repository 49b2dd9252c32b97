import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { endOf, eventsOf, logOf, outline, submitChat, untilEvent } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let system: ChatSystem;
let client: HttpClient;

/** A system for each test: a cool-down goes on after the job that began it. */
beforeEach(async () => {
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    // Whoever keeps the only place keeps everybody else out.
    worker: { CHAT_CONCURRENCY: "1" },
  });
  client = system.client;
  await client.untilConnected(1);
});
afterEach(() => system.close());

const patience = (seconds: number) => ({
  turns: [[{ status: 429, retry_after: String(seconds) }, { text: "back again" }]],
});

test("[chat.cool_down.park] a job that waits long for its provider is parked, holds no place, and goes on", async () => {
  system.anthropic.script = patience(6);
  const waiting = await submitChat(client, { message: "hello" });
  const parked = await untilEvent(client, waiting, "job.parked");
  expect(parked.reason).toBe("cool_down");
  expect(Date.parse(parked.until) - Date.parse(parked.time)).toBeGreaterThan(5_000);
  expect(await client.job(waiting.id)).toMatchObject({ status: "parked", finished_at: null });

  // The only place is free for those who ask another provider.
  const other = await client.chat({ message: "hi", model: "gpt" });
  expect(other.status).toBe("completed");
  expect((await client.job(waiting.id)).status).toBe("parked");

  const ended = await endOf(client, waiting);
  expect(ended).toMatchObject({ status: "completed", attempt: 1, result: { text: "back again" } });
  expect(system.anthropic.requests).toHaveLength(2);
  // Whether a turn of which nothing was shown is taken back makes no difference to readers.
  const steps = outline(await logOf(client, waiting)).filter((type) => type !== "turn.discarded");
  expect(steps).toEqual([
    "job.queued",
    "job.started",
    "turn.started",
    "job.warning",
    "job.parked",
    "job.resumed",
    "turn.started",
    "text.delta",
    "turn.finished",
    "job.completed",
  ]);
});

test("[chat.cool_down.shared] what one worker hears, no other worker asks", async () => {
  await system.startWorker();
  system.anthropic.script = patience(60);
  const first = await submitChat(client, { message: "one" });
  await untilEvent(client, first, "job.parked");
  expect(system.anthropic.requests).toHaveLength(1);

  // While the first place is taken by somebody else, the other worker gets this one.
  system.openai.script = { turns: [{ text: "long", stall_after: 1 }] };
  const busy = await submitChat(client, { message: "busy", model: "gpt" });
  const { worker_id: busyWorker } = await untilEvent(client, busy, "job.started");
  const second = await submitChat(client, { message: "two" });
  const { worker_id: otherWorker } = await untilEvent(client, second, "job.started");
  expect(otherWorker).not.toBe(busyWorker);
  await untilEvent(client, second, "job.parked");
  expect(system.anthropic.requests).toHaveLength(1);

  await Promise.all([first, second, busy].map(({ id }) => client.post(`/jobs/${id}/cancel`, {})));
  expect(eventsOf(await logOf(client, second), "turn.started")).toEqual([]);
});

test("[chat.cool_down.cancel] a parked job is cancelled at once, and never asks again", async () => {
  system.anthropic.script = patience(60);
  const job = await submitChat(client, { message: "hello" });
  await untilEvent(client, job, "job.parked");
  const response = await client.post(`/jobs/${job.id}/cancel`, {});
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({
    status: "cancelled",
    cancellation: { completed: [], stopped: [], ignored: [], model_stopped: false },
  });
  expect((await logOf(client, job)).at(-1)?.type).toBe("job.cancelled");
  expect(system.anthropic.requests).toHaveLength(1);
});

test("[timeouts.cool_down] a parked job's time goes on: it ends at its deadline, not when the provider allows", async () => {
  system.anthropic.script = patience(60);
  const job = await submitChat(client, { message: "hello", timeout_ms: 1_500 });
  const ended = await endOf(client, job);
  expect(ended).toMatchObject({ status: "failed", error: { code: "timeout" } });
  const ran = Date.parse(ended.finished_at ?? "") - Date.parse(ended.started_at ?? "");
  expect(ran).toBeGreaterThanOrEqual(1_490);
  expect(ran).toBeLessThan(5_000);
  expect(system.anthropic.requests).toHaveLength(1);
});
