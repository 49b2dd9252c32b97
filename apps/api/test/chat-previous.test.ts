import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { endOf, streamChat, submitChat, untilEvent } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let system: ChatSystem;
let client: HttpClient;
let stranger: HttpClient;

beforeAll(async () => {
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { API_KEYS: "mine:my-secret,theirs:their-secret" },
  });
  client = system.client.as("my-secret");
  stranger = system.client.as("their-secret");
  await client.untilConnected(1);
});
afterAll(() => system.close());

interface Message {
  role: string;
  content: { type: string; [field: string]: unknown }[];
}

/** What the model was asked last. */
const asked = () => system.anthropic.requests.at(-1)?.body["messages"] as Message[];

const echo = (text: string) => ({ name: "fixture__echo", input: { text } });

test("[chat.previous] a job goes on with the whole conversation of another, and others with it", async () => {
  system.anthropic.script = {
    turns: [{ text: "Looking.", tool_calls: [echo("42")] }, { text: "It is 42." }],
  };
  const first = await client.chat({ message: "What is it?" });
  system.anthropic.script = { turns: [{ text: "Quite sure." }] };
  const second = await client.chat({ message: "Are you sure?", previous_job_id: first.id });
  const third = await client.chat({ message: "Really?", previous_job_id: second.id });
  expect(third.result?.text).toBe("Quite sure.");

  const said = asked().map(({ role, content }) => [
    role,
    content.map((block) => block["text"] ?? block.type),
  ]);
  expect(said).toEqual([
    ["user", ["What is it?"]],
    ["assistant", ["Looking.", "tool_use"]],
    ["user", ["tool_result"]],
    ["assistant", ["It is 42."]],
    ["user", ["Are you sure?"]],
    ["assistant", ["Quite sure."]],
    ["user", ["Really?"]],
  ]);
  // What it goes on with is no part of its own request.
  expect(third.request).toEqual({
    type: "chat",
    message: "Really?",
    model: "claude",
    previous_job_id: second.id,
  });
  expect(third.usage?.turns).toBe(1);
});

test("[chat.previous] the events of a job that goes on with another have the form of any", async () => {
  system.anthropic.script = { turns: [{ text: "yes" }] };
  const first = await client.chat({ message: "one" });
  const events = await streamChat(client, { message: "two", previous_job_id: first.id });
  expect(events.map(({ type }) => type)).toContain("job.completed");
});

test("[chat.previous.cut] a job that was cancelled in a tool call can be gone on with", async () => {
  system.anthropic.script = {
    turns: [
      { text: "I wait.", tool_calls: [echo("quick"), { name: "fixture__wait", input: { ms: 60_000 } }] },
    ],
  };
  const first = await submitChat(client, { message: "Wait, please." });
  const returned = await untilEvent(client, first, "tool.returned");
  expect(returned.tool).toBe("fixture__echo");
  await client.post(`/jobs/${first.id}/cancel`, {});
  expect(await endOf(client, first)).toMatchObject({ status: "cancelled" });

  system.anthropic.script = { turns: [{ text: "Never mind." }] };
  const second = await client.chat({ message: "What happened?", previous_job_id: first.id });
  expect(second).toMatchObject({ status: "completed", result: { text: "Never mind." } });
  const results = asked()
    .flatMap(({ content }) => content)
    .filter(({ type }) => type === "tool_result");
  expect(results).toMatchObject([
    { content: [{ text: "quick" }] },
    {
      is_error: true,
      content: [{ text: expect.stringContaining("may or may not have happened") as string }],
    },
  ]);
});

test("[chat.previous.unusable] a job that does not exist, is no chat or has not ended is refused", async () => {
  system.anthropic.script = { turns: [{ text: "wait", stall_after: 1 }] };
  const running = await submitChat(client, { message: "long" });
  const tool = await client.run({ tool: "echo", arguments: { text: "x" } });
  for (const id of ["job_01arz3ndektsv4rrffq69g5fav", "nonsense", running.id, tool.id]) {
    const response = await client.post("/chat", { message: "go on", previous_job_id: id });
    const problem = await expectProblem(response, "previous_job_not_usable");
    expect(problem.detail).toContain(id);
    expect(problem.errors?.[0]?.path).toBe("previous_job_id");
  }
  await client.post(`/jobs/${running.id}/cancel`, {});
});

test("[chat.previous.tenant] another key's job does not exist for this one", async () => {
  system.anthropic.script = { turns: [{ text: "secret" }] };
  const theirs = await stranger.chat({ message: "our secret" });
  const [mine, none] = await Promise.all(
    [theirs.id, "job_01arz3ndektsv4rrffq69g5fav"].map(async (id) => {
      const response = await client.post("/chat", { message: "go on", previous_job_id: id });
      const { detail } = await expectProblem(response, "previous_job_not_usable");
      return detail.replace(id, "ID");
    }),
  );
  expect(mine).toBe(none);
});
