import { UNKNOWN_OUTCOME } from "@millrace/contracts";
import { expect, test } from "vitest";
import { readConversation } from "../src/reading/conversation.ts";
import type { JobOutcome } from "../src/reading/terminal-event.ts";
import type { Answer } from "../src/redis/answer.ts";
import {
  approvalRequested,
  CHAT_DONE,
  CHAT_REQUEST,
  claimChat,
  submitChat,
  toolCalled,
  toolReturned,
  turnFinished,
} from "./support/chat-jobs.ts";
import { never, PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, TENANT, type Installation } from "./support/test-installation.ts";

const BYTES_MAX = 1_024 * 1_024;
/** As a conversation is read: with its size. */
const sized = (messages: object[]) => ({ messages, bytes: Buffer.byteLength(JSON.stringify(messages)) });
const user = (text: string) => ({ role: "user", content: [{ type: "text", text }] });
const DONE = { role: "assistant", content: [{ type: "text", text: "done" }] };
const asks = (...ids: string[]) => ({
  role: "assistant",
  content: ids.map((id) => ({ type: "tool_use", id, name: "fixture__echo", input: {} })),
});
const DID_NOT_RUN = "did not run: the job ended before";
const CANCELLED: JobOutcome = {
  status: "cancelled",
  cancellation: { completed: [], stopped: [], ignored: [], model_stopped: true },
};
const FAILED: JobOutcome = {
  status: "failed",
  error: { code: "timeout", message: "", retryable: true },
  result: null,
};

async function completed(installation: Installation, jobId: string, { generation = 0 } = {}): Promise<void> {
  const run = await claimChat(installation, jobId, 1, CHAT_REQUEST, { generation });
  await run.write([turnFinished(1, "c1"), toolCalled("c1"), toolReturned("c1", "hello")]);
  await run.write([turnFinished(2)]);
  if (CHAT_DONE.status !== "completed") throw new Error("not an outcome");
  await run.finish(CHAT_DONE);
}

const ECHOED = {
  role: "user",
  content: [
    { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "hello" }], is_error: false },
  ],
};
const WHOLE = [user("hello"), asks("c1"), ECHOED, DONE];

test("[store.conversation.ended] gives the conversation of a chat job that has ended, however it did", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  await completed(installation, jobId);
  expect(await api.conversation(TENANT, jobId, BYTES_MAX)).toEqual(sized(WHOLE));

  for (const outcome of [CANCELLED, FAILED]) {
    const cut = await submitChat(installation);
    const run = await claimChat(installation, cut);
    const calls = ["c1", "c2", "c3", "c4"];
    await run.write([turnFinished(1, ...calls), toolCalled("c1"), toolReturned("c1", "hello")]);
    const postponed = { type: "tool.postponed", tool_call_id: "c3", tool: "fixture__echo" } as const;
    await run.write([toolCalled("c2"), toolCalled("c3"), postponed]);
    await run.finish(outcome);
    const conversation = await api.conversation(TENANT, cut, BYTES_MAX);
    // Providers refuse a call without its result.
    const results = ["hello", UNKNOWN_OUTCOME, DID_NOT_RUN, DID_NOT_RUN].map((text) => ({
      content: [{ text }],
    }));
    const messages = [user("hello"), asks(...calls), { role: "user", content: results }];
    expect(conversation).toMatchObject({ messages });
  }

  const parked = await submitChat(installation);
  const run = await claimChat(installation, parked);
  await run.write([turnFinished(1, "c1"), approvalRequested("c1")]);
  await run.park("approval", Date.now() + 600_000, 1_000);
  expect(await api.conversation(TENANT, parked, BYTES_MAX)).toBe("not_usable");
  await api.cancel(TENANT, parked);
  expect(await api.conversation(TENANT, parked, BYTES_MAX)).toMatchObject({
    messages: [user("hello"), asks("c1"), { role: "user", content: [{ content: [{ text: DID_NOT_RUN }] }] }],
  });
});

test("[store.conversation.chain] goes on with the conversation that came before, which a worker gets too", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const first = await submitChat(installation);
  await completed(installation, first);
  let previous = await api.conversation(TENANT, first, BYTES_MAX);
  for (const message of ["second", "third"]) {
    if (previous === null || typeof previous === "string") throw new Error("no conversation");
    const request = { ...CHAT_REQUEST, message };
    const { id } = await api.submit({ tenant: TENANT, request, previous });
    // The request does not travel with the queue's entry, so the claim reads both.
    const run = await claimChat(installation, id, 1, null);
    expect(run.claimed.previous).toEqual(previous.messages);
    expect(run.claimed.request).toEqual(request);
    const data = await installation.redis.hget(`${installation.keys.queuePrefix("chat")}:chat:${id}`, "data");
    expect(JSON.parse(data ?? "")).toEqual({ generation: 0, tenant: TENANT });
    await run.write([turnFinished(1)]);
    if (CHAT_DONE.status !== "completed") throw new Error("not an outcome");
    await run.finish(CHAT_DONE);
    const conversation = await api.conversation(TENANT, id, BYTES_MAX);
    expect(conversation).toEqual(sized([...previous.messages, user(message), DONE]));
    previous = conversation;
  }
  expect(previous).toMatchObject({ messages: { length: 8 } });
});

test("[store.conversation.none] is not there of a job that goes on, of a tool job, nor for others", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const queued = await submitChat(installation);
  expect(await api.conversation(TENANT, queued, BYTES_MAX)).toBe("not_usable");
  const { id: tool } = await api.submit({ tenant: TENANT, request: REQUEST });
  await api.cancel(TENANT, tool);
  expect(await api.conversation(TENANT, tool, BYTES_MAX)).toBe("not_usable");
  await completed(installation, queued);
  expect(await api.conversation("bob", queued, BYTES_MAX)).toBeNull();
  expect(await api.conversation(TENANT, "job_00000000000000000000000000", BYTES_MAX)).toBeNull();
  expect(await api.conversation(TENANT, "index", BYTES_MAX)).toBeNull();
  // Its retention ends between its first event and the rest.
  const { redis, keys } = installation;
  const answer: Answer = (read) => read();
  const reading = { redis, answer, maxBytes: BYTES_MAX };
  expect(await readConversation(keys.log("gone"), { request: CHAT_REQUEST }, reading)).toBeNull();
});

test("[store.conversation.hidden] shows no reader the conversation that came before", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: "secret" }] }];
  const previous = { messages, bytes: 1 };
  const { job, follower } = await api.submitAndFollow({ tenant: TENANT, request: CHAT_REQUEST, previous });
  using following = follower;
  const live = await following.next(never, PATIENCE_MS);
  await completed(installation, job.id);
  const shown = [
    job,
    live,
    await following.next(never, PATIENCE_MS),
    await api.readLog(job.id, 0, 100),
    (await api.find(TENANT, job.id))?.job,
    (await api.list(TENANT, { limit: 10 })).jobs,
  ];
  expect(live.map(({ type }) => type)).toEqual(["job.queued"]);
  expect(live).toEqual(await api.readLog(job.id, 0, 1));
  for (const view of shown) expect(JSON.stringify(view)).not.toContain("secret");
  expect(await api.conversation(TENANT, job.id, BYTES_MAX)).toEqual(sized([...messages, ...WHOLE]));
});

test("[store.conversation.bound] is what the model saw of large results, and none at all when that is too large", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  const calls = ["c1", "c2", "c3", "c4"];
  await run.write([turnFinished(1, ...calls)]);
  for (const call of calls)
    await run.write([toolCalled(call), toolReturned(call, "x".repeat(2 * BYTES_MAX))]);
  await run.finish(CANCELLED);
  const conversation = await api.conversation(TENANT, jobId, BYTES_MAX);
  if (conversation === null || typeof conversation === "string") throw new Error("no conversation");
  expect(conversation.messages).toHaveLength(3);
  expect(conversation).toEqual(sized(conversation.messages));
  expect(JSON.stringify(conversation.messages)).toContain("bytes left out");
  expect(await api.conversation(TENANT, jobId, conversation.bytes)).toEqual(conversation);
  expect(await api.conversation(TENANT, jobId, conversation.bytes - 1)).toBe("too_large");
});

test("[store.conversation.anew] of a job that was retried from its start, what it did before does not count", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write([turnFinished(1, "c1"), toolCalled("c1"), toolReturned("c1", "x".repeat(BYTES_MAX))]);
  await run.finish(FAILED);
  const { bytes } = sized(WHOLE);
  expect(await api.conversation(TENANT, jobId, bytes)).toBe("too_large");
  expect((await api.retries.retry(TENANT, jobId, "start"))?.outcome).toBe("reopened");
  await completed(installation, jobId, { generation: 1 });
  expect(await api.conversation(TENANT, jobId, bytes)).toEqual(sized(WHOLE));
  expect(await api.conversation(TENANT, jobId, bytes - 1)).toBe("too_large");
});
