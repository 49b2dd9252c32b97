import { startFixtureHttp, type FixtureHttp, type ModelScript } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  eventsOf,
  logOf,
  outline,
  shownText,
  streamChat,
  strictEvent,
  submitChat,
  textOf,
  toolResults,
} from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import { EventStreamReader } from "../../../test/support/event-stream-reader.ts";
import { jobOf, type HttpClient } from "../../../test/support/http-client.ts";
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

const PLAIN: ModelScript = { turns: [{ text: "You said: {{last}}" }] };

test("[chat.waited] POST /chat answers 200 with the finished job", async () => {
  system.anthropic.script = PLAIN;
  const response = await client.post("/chat", { message: "good morning" });
  expect(response.status).toBe(200);
  const job = await jobOf(response);
  expect(response.headers.get("location")).toBe(job.links.self);
  expect(job).toMatchObject({
    type: "chat",
    status: "completed",
    attempt: 1,
    request: { type: "chat", message: "good morning" },
    result: { text: "You said: good morning", stop_reason: "end_turn" },
    error: null,
    cancellation: null,
  });
  expect(await client.job(job.id)).toEqual(job);
});

test.for([
  ["POST /chat with stream: true", "/chat", { stream: true }, {}],
  ["POST /chat with Accept", "/chat", {}, { accept: "text/event-stream" }],
  ["POST /jobs with Accept", "/jobs", { type: "chat" }, { accept: "text/event-stream" }],
] as const)("[chat.streamed] %s answers with the job's events", async ([, path, fields, headers]) => {
  system.anthropic.script = PLAIN;
  const response = await client.post(path, { message: "good morning", ...fields }, headers);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  await using stream = new EventStreamReader(response);
  const events = (await stream.rest()).map(strictEvent);
  const [queued] = eventsOf(events, "job.queued");
  expect(queued?.request).toEqual({ type: "chat", message: "good morning", model: "claude" });
  expect(outline(events)).toEqual([
    "job.queued",
    "job.started",
    "turn.started",
    "text.delta",
    "turn.finished",
    "job.completed",
  ]);
  const [completed] = eventsOf(events, "job.completed");
  expect(response.headers.get("location")).toBe(completed?.job.links.self);
  expect(await client.job(completed?.job.id ?? "")).toEqual(completed?.job);
});

test("[chat.jobs] POST /jobs takes a chat job: waited for, or read later", async () => {
  system.anthropic.script = PLAIN;
  const waited = await client.post("/jobs", { type: "chat", message: "hello" }, { prefer: "wait=20" });
  expect(waited.status).toBe(200);
  expect(await jobOf(waited)).toMatchObject({ type: "chat", status: "completed" });

  const { id } = await submitChat(client, { messages: [{ role: "user", content: "later" }] });
  const later = await jobOf(await client.get(`/jobs/${id}?wait=20`));
  expect(later.result).toMatchObject({ text: "You said: later" });
  const { jobs } = await client.read<{ jobs: { id: string }[] }>("/jobs?type=chat&status=completed&limit=1");
  expect(jobs.map((job) => job.id)).toEqual([id]);
});

test("[chat.jobs] a wait that is over before the job answers 202 with the job as it is", async () => {
  system.anthropic.script = { turns: [{ text: "never ends", stall_after: 1 }] };
  const response = await client.post("/jobs", { type: "chat", message: "hello" }, { prefer: "wait=1" });
  expect(response.status).toBe(202);
  const job = await jobOf(response);
  expect(job).toMatchObject({ status: "running", result: null, finished_at: null });
  expect((await client.post(`${job.links.self}/cancel`, {})).status).toBe(202);
});

const usage = { input: 1_000, output: 100, cache_read: 200, cache_write: 50 };
const CONVERSATION: ModelScript = {
  turns: [
    {
      thinking: "They want three things at once.",
      text: "Let me look.",
      tool_calls: [
        { id: "call_one", name: "fixture__echo", input: { text: "first" } },
        { id: "call_two", name: "fixture__add", input: { a: 2, b: 40 } },
        { id: "call_three", name: "fixture__progress", input: { steps: 3 } },
      ],
      usage,
    },
    { text: "Here it is: {{last}}", usage },
  ],
};

test.for(["claude", "gpt"])("[chat.conversation] with %s: every step is seen, in order", async (model) => {
  const server = model === "claude" ? system.anthropic : system.openai;
  server.script = CONVERSATION;
  const events = await streamChat(client, { message: "look", model });
  const steps = outline(events).filter((type) => type !== "tool.progress");
  expect(steps).toEqual([
    "job.queued",
    "job.started",
    "turn.started",
    "thinking.delta",
    "text.delta",
    "turn.finished",
    ...Array.from({ length: 3 }, () => "tool.called"),
    ...Array.from({ length: 3 }, () => "tool.returned"),
    "turn.started",
    "text.delta",
    "turn.finished",
    "job.completed",
  ]);
  const turns = eventsOf(events, "turn.finished");
  expect(turns.map(({ turn, stop_reason }) => [turn, stop_reason])).toEqual([
    [1, "tool_use"],
    [2, "end_turn"],
  ]);
  expect(eventsOf(events, "turn.started").map((event) => event.model)).toEqual([model, model]);
  expect(eventsOf(events, "tool.called").map(({ tool, arguments: given }) => [tool, given])).toEqual([
    ["fixture__echo", { text: "first" }],
    ["fixture__add", { a: 2, b: 40 }],
    ["fixture__progress", { steps: 3 }],
  ]);
  const returned = eventsOf(events, "tool.returned");
  expect(returned.find(({ tool }) => tool === "fixture__add")).toMatchObject({
    tool_call_id: "call_two",
    result: { content: [{ type: "text", text: "42" }], structured_content: { sum: 42 } },
    is_error: false,
    error: null,
  });
  expect(eventsOf(events, "tool.progress").at(-1)).toMatchObject({ progress: 3, total: 3 });
  for (const { turn, message } of turns) expect(shownText(events).get(turn)).toBe(textOf(message.content));
});

test.for(["claude", "gpt"])("[chat.usage] with %s: tokens and cost, by turn and by job", async (model) => {
  const server = model === "claude" ? system.anthropic : system.openai;
  server.script = CONVERSATION;
  const events = await streamChat(client, { message: "look", model });
  // 1,000 at 3, 100 at 15, 200 at 0.3 and 50 at 3.75 dollars a million.
  const turn = {
    input_tokens: 1_000,
    output_tokens: 100,
    cache_read_tokens: 200,
    cache_write_tokens: 50,
    cost_usd: 0.004_747_5,
  };
  expect(eventsOf(events, "turn.finished").map((event) => event.usage)).toEqual([turn, turn]);
  expect(eventsOf(events, "job.completed")[0]?.job.usage).toEqual({
    input_tokens: 2_000,
    output_tokens: 200,
    cache_read_tokens: 400,
    cache_write_tokens: 100,
    turns: 2,
    tool_calls: 3,
    cost_usd: 0.009_495,
  });
});

test("[chat.tools.parallel] the tools of one turn run side by side, and the model gets them in its order", async () => {
  const calls = [600, 400, 200].map((ms) => ({ name: "fixture__wait", input: { ms } }));
  system.anthropic.script = { turns: [{ tool_calls: calls }, { text: "done" }] };
  fixture.stats.mostRunning = 0;
  const events = await streamChat(client, { message: "wait" });
  expect(fixture.stats.mostRunning).toBe(3);
  const [first, ...others] = eventsOf(events, "tool.returned").map(({ result }) => textOf(result.content));
  expect([first, ...others]).toEqual(["waited 200 ms", "waited 400 ms", "waited 600 ms"]);
  const asked = system.anthropic.requests.at(-1)?.body ?? {};
  expect(toolResults(asked).map(({ content }) => textOf(content as []))).toEqual([
    "waited 600 ms",
    "waited 400 ms",
    "waited 200 ms",
  ]);
});

test("[chat.deltas] the first delta is passed on while the model still speaks", async () => {
  system.anthropic.script = { turns: [{ text: "one two three", chunk_length: 4, stall_after: 1 }] };
  await using stream = new EventStreamReader(
    await client.post("/chat", { message: "count", stream: true, timeout_ms: 10_000 }),
  );
  const delta = strictEvent(await stream.untilType("text.delta"));
  expect(delta).toMatchObject({ turn: 1, text: "one " });
  const jobId = stream.response.headers.get("location") ?? "";
  expect((await client.post(`${jobId}/cancel`, {})).status).toBe(202);
  await stream.untilType("job.cancelled");
});

test("[chat.deltas] later deltas are put together, and nothing of the text is lost", async () => {
  const text = Array.from({ length: 400 }, (_, index) => `word${index} \u{1f642} `).join("");
  system.anthropic.script = { turns: [{ text, chunk_length: 5, chunk_delay_ms: 1 }] };
  const job = await submitChat(client, { message: "speak" });
  const events = await logOf(client, job);
  const deltas = eventsOf(events, "text.delta");
  expect(deltas.length).toBeGreaterThan(5);
  // Pieces of five characters, a millisecond and more apart, would be ten times as many.
  expect(deltas.length).toBeLessThan(text.length / 5 / 4);
  expect(shownText(events).get(1)).toBe(text);
});
