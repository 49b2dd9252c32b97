import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { endOf, eventsOf, logOf, outline, submitChat, untilEvent } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let system: ChatSystem;
let client: HttpClient;

beforeEach(async () => {
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer("asking", { approval: { "*": "always" } }), fixtureServer("free")],
    worker: { TOOL_CONCURRENCY: "1" },
  });
  client = system.client;
  await client.untilConnected(2);
});
afterEach(() => system.close());

function decide(job: { id: string }, call: string, body: object): Promise<Response> {
  return client.post(`/jobs/${job.id}/approvals/${call}`, body);
}

/** Submits a tool job that waits for an approval, and returns it with the id of its call. */
async function waitingToolJob(request: object) {
  const job = await client.submit(request);
  const { tool_call_id } = await untilEvent(client, job, "approval.requested");
  await untilEvent(client, job, "job.parked");
  return { job, call: tool_call_id };
}

const ended = async ({ id }: { id: string }) => jobOf(await client.get(`/jobs/${id}?wait=20`));

test("[approvals.tool_job] a tool job asks as well: approved, changed or denied", async () => {
  const echo = { server: "asking", tool: "echo", arguments: { text: "as asked" } };
  const approved = await waitingToolJob(echo);
  expect(await client.job(approved.job.id)).toMatchObject({ status: "parked" });
  // The only place is free.
  expect((await client.run({ tool: "free__echo", arguments: { text: "x" } })).status).toBe("completed");
  await decide(approved.job, approved.call, { decision: "approve" });
  expect(await ended(approved.job)).toMatchObject({
    status: "completed",
    result: { content: [{ text: "as asked" }] },
  });
  expect(outline(await logOf(client, approved.job))).toEqual([
    "job.queued",
    "job.started",
    "approval.requested",
    "job.parked",
    "approval.resolved",
    "job.resumed",
    "job.completed",
  ]);

  const changed = await waitingToolJob(echo);
  const wrong = await decide(changed.job, changed.call, { decision: "approve", arguments: { text: 7 } });
  await expectProblem(wrong, "invalid_arguments");
  await decide(changed.job, changed.call, { decision: "approve", arguments: { text: "as changed" } });
  expect(await ended(changed.job)).toMatchObject({ result: { content: [{ text: "as changed" }] } });

  const denied = await waitingToolJob({ tool: "free__echo", arguments: { text: "x" }, approval: "always" });
  await decide(denied.job, denied.call, { decision: "deny", reason: "too loud" });
  const end = await ended(denied.job);
  expect(end).toMatchObject({ status: "failed", error: { code: "approval_denied" }, result: null });
  expect(end.error?.message).toContain("too loud");
  await expectProblem(await decide(denied.job, denied.call, { decision: "approve" }), "approval_not_pending");
});

test("[approvals.tool_job] one that waits can be cancelled, and then decided no more", async () => {
  const { job, call } = await waitingToolJob({ tool: "asking__echo", arguments: { text: "x" } });
  expect((await client.post(`/jobs/${job.id}/cancel`, {})).status).toBe(202);
  expect(await ended(job)).toMatchObject({
    status: "cancelled",
    cancellation: { completed: [], stopped: [] },
  });
  await expectProblem(await decide(job, call, { decision: "approve" }), "approval_not_pending");
});

test("[approvals.worker_gone] an approval works after the worker that asked is gone", async () => {
  system.anthropic.script = {
    turns: [
      { text: "May I?", tool_calls: [{ id: "call_a", name: "asking__echo", input: { text: "after all" } }] },
      { text: "{{last}}" },
    ],
  };
  const chat = await submitChat(client, { message: "do it" });
  await untilEvent(client, chat, "job.parked");
  const tool = await waitingToolJob({ tool: "asking__echo", arguments: { text: "tool after all" } });
  const asker = (await client.job(chat.id)).worker_id;

  await system.installation.worker?.close();
  await client.until<{ workers: unknown[] }>("/workers", ({ workers }) => workers.length === 0);
  await decide(chat, "call_a", { decision: "approve" });
  await system.startWorker();
  // This one is decided when the new worker is there already.
  await decide(tool.job, tool.call, { decision: "approve" });

  const end = await endOf(client, chat);
  expect(end).toMatchObject({ status: "completed", attempt: 1, result: { text: "after all" } });
  expect(end.worker_id).not.toBe(asker);
  expect(await ended(tool.job)).toMatchObject({ status: "completed" });
  // The model was asked no turn twice.
  expect(system.anthropic.requests).toHaveLength(2);
  expect(eventsOf(await logOf(client, chat), "turn.discarded")).toEqual([]);
});
