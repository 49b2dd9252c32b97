import { startFixtureHttp, type FixtureHttp } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { endOf, logOf, outline, submitChat, untilEvent } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { mcpServer } from "../../../test/support/mcp-servers.ts";

let fixture: FixtureHttp;
let system: ChatSystem;
let client: HttpClient;
let stranger: HttpClient;

beforeAll(async () => {
  fixture = await startFixtureHttp();
  const transport = { type: "http", url: fixture.httpUrl, headers: {} } as const;
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [mcpServer("fixture", transport)],
    api: { API_KEYS: "mine:my-secret,theirs:their-secret" },
    // One place, so that it can be seen when it is free.
    worker: { CHAT_CONCURRENCY: "1" },
  });
  client = system.client.as("my-secret");
  stranger = system.client.as("their-secret");
  await client.untilConnected(1);
});
afterAll(async () => {
  await system.close();
  await fixture.close();
});

/** What a busy machine adds to "at once"; without a cancel the model or the tool would take a minute. */
const SOON_MS = 10_000;
/** The fastest of several is below this: a busy machine only adds to it. */
const AT_ONCE_MS = 1_000;
const CANCELS_MAX = 5;

const NOTHING = { completed: [], stopped: [], ignored: [], model_stopped: false };

const cancel = (job: { id: string }, as = client) => as.post(`/jobs/${job.id}/cancel`, {});

/** A job that the model keeps waiting in the middle of its answer. */
async function jobInTheModel() {
  system.anthropic.script = { turns: [{ text: "once upon a time", chunk_length: 5, stall_after: 2 }] };
  const asked = system.anthropic.requests.length + 1;
  const job = await submitChat(client, { message: "tell" });
  await untilEvent(client, job, "text.delta");
  return { job, request: await system.anthropic.request(asked) };
}

async function jobInTools(...tools: [string, Record<string, unknown>][]) {
  const tool_calls = tools.map(([tool, input], index) => ({
    id: `call_${index}`,
    name: `fixture__${tool}`,
    input,
  }));
  system.anthropic.script = { turns: [{ text: "I call.", tool_calls }, { text: "never said" }] };
  const calls = fixture.stats.calls;
  const job = await submitChat(client, { message: "call" });
  await untilEvent(client, job, "tool.called");
  while (fixture.stats.calls < calls + tools.filter(([tool]) => tool !== "echo").length)
    await client.job(job.id);
  return job;
}

/** Cancels a job that runs, and returns it with the milliseconds until its place was free for another. */
async function cancelAndMeasure(job: { id: string }) {
  const next = await submitChat(client, { message: "next", model: "gpt" });
  const asked = Date.now();
  expect((await cancel(job)).status).toBe(202);
  const started = await untilEvent(client, next, "job.started");
  const cancelled = await endOf(client, job);
  expect(cancelled).toMatchObject({ status: "cancelled", result: null, error: null });
  expect(outline(await logOf(client, job)).at(-1)).toBe("job.cancelled");
  expect(await endOf(client, next)).toMatchObject({ status: "completed" });
  return { cancelled, freeAfterMs: Date.parse(started.time) - asked };
}

/** Cancels one job after the other until a place was free at once, but no more than a few. */
async function fastestCancel(cancelOne: () => Promise<{ freeAfterMs: number }>): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < CANCELS_MAX && fastest >= AT_ONCE_MS; count += 1) {
    const { freeAfterMs } = await cancelOne();
    expect(freeAfterMs).toBeLessThan(SOON_MS);
    fastest = Math.min(fastest, freeAfterMs);
  }
  return fastest;
}

test("[cancel.queued] queued and delayed jobs are cancelled at once, and never run", async () => {
  const { job: running } = await jobInTheModel();
  const queued = await submitChat(client, { message: "wait" });
  const delayed = await submitChat(client, { message: "later", delay_ms: 60_000 });
  const tool = await client.submit({ tool: "echo", arguments: { text: "x" }, delay_ms: 60_000 });
  for (const job of [queued, delayed, tool]) {
    const response = await cancel(job);
    expect(response.status).toBe(202);
    expect(await jobOf(response)).toMatchObject({
      status: "cancelled",
      started_at: null,
      cancellation: NOTHING,
    });
    expect(outline(await logOf(client, job))).toEqual(["job.queued", "job.cancelled"]);
  }
  const { cancelled } = await cancelAndMeasure(running);
  expect(cancelled.status).toBe("cancelled");
  expect((await client.job(queued.id)).started_at).toBeNull();
});

test("[cancel.model] in the model's answer: its stream is closed and the place is free within a second", async () => {
  const fastest = await fastestCancel(async () => {
    const { job, request } = await jobInTheModel();
    const measured = await cancelAndMeasure(job);
    expect(await request.finished).toBe(false);
    expect(measured.cancelled.cancellation).toEqual({ ...NOTHING, model_stopped: true });
    return measured;
  });
  expect(fastest).toBeLessThan(AT_ONCE_MS);
});

test("[cancel.tool] in a tool: it is told, the place is free within a second, and the job says what ran", async () => {
  const fastest = await fastestCancel(async () => {
    const told = fixture.stats.cancelled.length;
    const job = await jobInTools(["wait", { ms: 60_000 }], ["echo", { text: "done" }]);
    await untilEvent(client, job, "tool.returned");
    const measured = await cancelAndMeasure(job);
    expect(fixture.stats.cancelled.slice(told)).toEqual(["wait"]);
    expect(measured.cancelled.cancellation).toEqual({
      completed: [{ tool_call_id: "call_1", tool: "fixture__echo" }],
      stopped: [{ tool_call_id: "call_0", tool: "fixture__wait" }],
      ignored: [],
      model_stopped: false,
    });
    expect(measured.cancelled.usage).toMatchObject({ turns: 1, tool_calls: 2 });
    return measured;
  });
  expect(fastest).toBeLessThan(AT_ONCE_MS);
});

test("[cancel.ignored] a tool that ignores it is waited for no longer than some five seconds, and named", async () => {
  const job = await jobInTools(["stubborn", { ms: 30_000 }], ["wait", { ms: 60_000 }]);
  const { cancelled, freeAfterMs } = await cancelAndMeasure(job);
  expect(cancelled.cancellation).toEqual({
    ...NOTHING,
    stopped: [{ tool_call_id: "call_1", tool: "fixture__wait" }],
    ignored: [{ tool_call_id: "call_0", tool: "fixture__stubborn" }],
  });
  expect(freeAfterMs).toBeLessThan(5_000 + SOON_MS);
});

test("[cancel.tool_job] a tool job is cancelled likewise", async () => {
  const told = fixture.stats.cancelled.length;
  const { calls } = fixture.stats;
  const job = await client.submit({ tool: "wait", arguments: { ms: 60_000 } });
  await untilEvent(client, job, "job.started");
  while (fixture.stats.calls === calls) await client.job(job.id);
  expect((await cancel(job)).status).toBe(202);
  const cancelled = await jobOf(await client.get(`/jobs/${job.id}?wait=20`));
  expect(cancelled).toMatchObject({
    status: "cancelled",
    cancellation: { stopped: [{ tool: expect.stringContaining("wait") as string }], ignored: [] },
  });
  expect(fixture.stats.cancelled.slice(told)).toEqual(["wait"]);
});

test("[cancel.stream] who follows the job sees its end, and a wait ends with it", async () => {
  const { job } = await jobInTheModel();
  const waiting = client.get(`/jobs/${job.id}?wait=30`);
  await using stream = await client.events(job.id);
  await stream.untilType("text.delta");
  await cancel(job);
  expect((await stream.rest()).at(-1)?.event).toBe("job.cancelled");
  expect(await jobOf(await waiting)).toMatchObject({ status: "cancelled" });
});

test("[cancel.twice] two cancels at once make one end, and a finished job stays as it is", async () => {
  const { job } = await jobInTheModel();
  const answers = await Promise.all([cancel(job), cancel(job)]);
  for (const { status } of answers) expect([200, 202]).toContain(status);
  expect(answers.map(({ status }) => status)).toContain(202);
  const ended = await endOf(client, job);
  expect(ended.status).toBe("cancelled");
  await logOf(client, job);

  const again = await cancel(job);
  expect(again.status).toBe(200);
  expect(await jobOf(again)).toEqual(ended);

  system.anthropic.script = { turns: [{ text: "finished" }] };
  const finished = await client.chat({ message: "hello" });
  const late = await cancel(finished);
  expect(late.status).toBe(200);
  expect(await jobOf(late)).toEqual(finished);
  expect((await logOf(client, finished)).at(-1)?.type).toBe("job.completed");
});

test("[cancel.unknown] a job that does not exist, or is another key's, is 404 and goes on", async () => {
  const { job } = await jobInTheModel();
  await expectProblem(await cancel(job, stranger), "job_not_found");
  await expectProblem(await cancel({ id: "job_01arz3ndektsv4rrffq69g5fav" }), "job_not_found");
  await expectProblem(await cancel({ id: "nonsense" }), "job_not_found");
  await expectProblem(await system.client.post(`/jobs/${job.id}/cancel`, {}), "unauthorized");
  expect((await client.job(job.id)).status).toBe("running");
  await cancel(job);
  await endOf(client, job);
});
