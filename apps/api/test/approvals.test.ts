import { startFixtureHttp, type FixtureHttp } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  endOf,
  eventsOf,
  logOf,
  outline,
  submitChat,
  textOf,
  toolResults,
  untilEvent,
} from "../../../test/support/chat-jobs.ts";
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
    servers: [
      mcpServer("free", transport),
      mcpServer("asking", transport, { approval: { "*": "always" } }),
      mcpServer("careful", transport, { approval: { "*": "destructive" } }),
    ],
    api: { API_KEYS: "mine:my-secret,theirs:their-secret" },
    worker: { CHAT_CONCURRENCY: "1", TOOL_CONCURRENCY: "1" },
  });
  client = system.client.as("my-secret");
  stranger = system.client.as("their-secret");
  await client.untilConnected(3);
});
afterAll(async () => {
  await system.close();
  await fixture.close();
});

type Call = [id: string, name: string, input?: Record<string, unknown>];

function script(...calls: Call[]) {
  const tool_calls = calls.map(([id, name, input = {}]) => ({ id, name, input }));
  system.anthropic.script = { turns: [{ text: "May I?", tool_calls }, { text: "{{last}}" }] };
}

/** Submits a job, and returns it once it waits for an approval. */
async function parkedJob(options: object = {}, ...calls: Call[]) {
  script(...calls);
  const job = await submitChat(client, { message: "do it", ...options });
  expect((await untilEvent(client, job, "job.parked")).reason).toBe("approval");
  return job;
}

function decide(job: { id: string }, call: string, body: unknown, as = client): Promise<Response> {
  return as.post(`/jobs/${job.id}/approvals/${call}`, body);
}

test("[approvals.park] a call that needs a word parks its job, tells its arguments, and holds no place", async () => {
  const calls = fixture.stats.calls;
  const job = await parkedJob({}, ["call_a", "asking__read_only", { text: "secret plan" }]);
  const requested = await untilEvent(client, job, "approval.requested");
  expect(requested).toMatchObject({
    tool_call_id: "call_a",
    tool: "asking__read_only",
    arguments: { text: "secret plan" },
  });
  expect(Date.parse(requested.expires_at) - Date.parse(requested.time)).toBeGreaterThan(86_000_000);
  expect(await client.job(job.id)).toMatchObject({ status: "parked" });
  expect(fixture.stats.calls).toBe(calls);
  // The only place is free.
  expect((await client.chat({ message: "hello", enable_mcp: false })).status).toBe("completed");

  const response = await decide(job, "call_a", { decision: "approve" });
  expect(response.status).toBe(200);
  await jobOf(response);
  const ended = await endOf(client, job);
  expect(ended).toMatchObject({
    status: "completed",
    attempt: 1,
    result: { text: "read_only: secret plan" },
  });
  expect(fixture.stats.calls).toBe(calls + 1);
  expect(outline(await logOf(client, job))).toEqual([
    "job.queued",
    "job.started",
    "turn.started",
    "text.delta",
    "turn.finished",
    "approval.requested",
    "job.parked",
    "approval.resolved",
    "job.resumed",
    "tool.called",
    "tool.returned",
    "turn.started",
    "text.delta",
    "turn.finished",
    "job.completed",
  ]);
});

test("[approvals.deny] the model is told of a denial and its reason, and the tool is never called", async () => {
  const calls = fixture.stats.calls;
  const job = await parkedJob({}, ["call_a", "asking__read_only"]);
  await decide(job, "call_a", { decision: "deny", reason: "not on a Friday" });
  const ended = await endOf(client, job);
  expect(ended).toMatchObject({ status: "completed", usage: { tool_calls: 0 } });
  const [result] = toolResults(system.anthropic.requests.at(-1)?.body ?? {});
  expect(result).toMatchObject({ tool_use_id: "call_a", is_error: true });
  expect(textOf(result?.["content"] as [])).toContain("not on a Friday");
  const events = await logOf(client, job);
  expect(eventsOf(events, "approval.resolved")).toMatchObject([
    { decision: "deny", reason: "not on a Friday" },
  ]);
  expect(eventsOf(events, "tool.returned")).toMatchObject([
    { is_error: true, error: { code: "approval_denied" } },
  ]);
  expect(eventsOf(events, "tool.called")).toEqual([]);
  expect(fixture.stats.calls).toBe(calls);
});

test("[approvals.edit] a call may be approved with other arguments, if they fit the tool", async () => {
  const job = await parkedJob({}, ["call_a", "asking__add", { a: 1, b: 2 }]);
  const wrong = await decide(job, "call_a", { decision: "approve", arguments: { a: "one", b: 2 } });
  const problem = await expectProblem(wrong, "invalid_arguments");
  expect(problem.errors?.[0]?.path).toContain("a");
  expect((await client.job(job.id)).status).toBe("parked");

  await decide(job, "call_a", { decision: "approve", arguments: { a: 40, b: 2 } });
  expect(await endOf(client, job)).toMatchObject({ status: "completed", result: { text: "42" } });
  const events = await logOf(client, job);
  expect(eventsOf(events, "approval.resolved")).toMatchObject([{ arguments: { a: 40, b: 2 } }]);
  expect(eventsOf(events, "tool.called")).toMatchObject([{ arguments: { a: 40, b: 2 } }]);
});

test.for([
  ["careful__destructive_write", {}, true],
  ["careful__harmless_write", {}, false],
  ["careful__read_only", {}, false],
  // Without annotations a tool counts as destructive.
  ["careful__add", {}, true],
  ["free__destructive_write", {}, false],
  ["free__destructive_write", { approval: "destructive" }, true],
  ["free__read_only", { approval: "destructive" }, false],
  ["free__read_only", { approval: "always" }, true],
  ["asking__read_only", { approval: "never" }, true],
] as const)("[approvals.policy] %s with %j: asked %s", async ([tool, options, asks]) => {
  script(["call_a", tool, tool.endsWith("add") ? { a: 1, b: 1 } : {}]);
  const job = await submitChat(client, { message: "do it", ...options });
  const first = await Promise.any([
    untilEvent(client, job, "approval.requested"),
    untilEvent(client, job, "tool.called"),
  ]);
  expect(first.type).toBe(asks ? "approval.requested" : "tool.called");
  if (asks) await decide(job, "call_a", { decision: "deny" });
  expect(await endOf(client, job)).toMatchObject({ status: "completed" });
});

test("[approvals.some] of the calls of one turn those run at once that need no word", async () => {
  const job = await parkedJob(
    {},
    ["call_a", "free__echo", { text: "at once" }],
    ["call_b", "asking__echo", { text: "later" }],
    ["call_c", "asking__echo", { text: "never" }],
  );
  expect((await untilEvent(client, job, "tool.returned")).tool_call_id).toBe("call_a");
  await decide(job, "call_b", { decision: "approve" });
  expect((await client.job(job.id)).status).toBe("parked");
  await decide(job, "call_c", { decision: "deny" });
  expect((await endOf(client, job)).status).toBe("completed");
  const results = toolResults(system.anthropic.requests.at(-1)?.body ?? {});
  expect(results.map(({ tool_use_id }) => tool_use_id)).toEqual(["call_a", "call_b", "call_c"]);
  expect(results.map(({ content }) => textOf(content as [])).slice(0, 2)).toEqual(["at once", "later"]);
});

test("[approvals.conflict] what waits for no word, or no longer, is 409", async () => {
  const job = await parkedJob(
    {},
    ["call_a", "asking__echo", { text: "x" }],
    ["call_b", "asking__echo", { text: "y" }],
  );
  const approve = { decision: "approve" };
  await expectProblem(await decide(job, "call_z", approve), "approval_not_pending");
  // Two at once: one of them decides.
  const answers = await Promise.all([
    decide(job, "call_a", approve),
    decide(job, "call_a", { decision: "deny" }),
  ]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
  await expectProblem(await decide(job, "call_a", approve), "approval_not_pending");
  await client.post(`/jobs/${job.id}/cancel`, {});
  expect((await endOf(client, job)).status).toBe("cancelled");
  await expectProblem(await decide(job, "call_b", approve), "approval_not_pending");
  expect(eventsOf(await logOf(client, job), "approval.resolved")).toHaveLength(1);
});

test("[approvals.bad] a body that is no decision is 422, and another's job does not exist", async () => {
  const job = await parkedJob({}, ["call_a", "asking__echo", { text: "x" }]);
  const bodies = [
    {},
    { decision: "maybe" },
    { decision: "approve", why: "so" },
    { decision: "deny", arguments: {} },
  ];
  for (const body of bodies) await expectProblem(await decide(job, "call_a", body), "invalid_request");
  await expectProblem(await decide(job, "call_a", "{"), "invalid_json");
  await expectProblem(await decide(job, "call_a", { decision: "approve" }, stranger), "job_not_found");
  expect((await client.job(job.id)).status).toBe("parked");
  await decide(job, "call_a", { decision: "deny" });
  await endOf(client, job);
});

test("[approvals.clock] the time of a job stands still while it waits for a word", async () => {
  const job = await parkedJob({ timeout_ms: 2_500 }, ["call_a", "asking__echo", { text: "in time" }]);
  // Longer than the job may run.
  expect((await client.job(job.id)).status).toBe("parked");
  await jobOf(await client.get(`/jobs/${job.id}?wait=3`));
  await decide(job, "call_a", { decision: "approve" });
  expect(await endOf(client, job)).toMatchObject({ status: "completed", result: { text: "in time" } });
});
