import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let system: ChatSystem;
let client: HttpClient;

beforeAll(async () => {
  system = await startChatSystem({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = system.client;
  await client.untilConnected(1);
});
afterAll(() => system.close());

/** What `MAX_BODY_BYTES` is when nobody sets it. */
const LIMIT = 16 * 1_024 * 1_024;

const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: unknown) => ({ role: "assistant", content });
const messages = (...list: unknown[]) => ({ messages: list });

test.for([
  ["neither message nor messages", {}, "message"],
  ["both of them", { message: "hi", ...messages(user("hi")) }, "message"],
  ["an empty message", { message: "" }, "message"],
  ["no messages", messages(), "messages"],
  ["an unknown role", messages({ role: "system", content: "hi" }), "messages[0].role"],
  ["the role tool", messages({ role: "tool", content: "hi" }), "messages[0].role"],
  ["a first message of the assistant", messages(assistant("hi"), user("ho")), "messages[0].role"],
  ["a last message of the assistant", messages(user("hi"), assistant("ho")), "messages"],
  ["empty content", messages(user("")), "messages[0].content"],
  ["a list of no blocks", messages(user([])), "messages[0].content"],
  ["an empty text block", messages(user([{ type: "text", text: "" }])), "messages[0].content[0].text"],
  ["a block of an unknown type", messages(user([{ type: "video" }])), "messages[0].content[0].type"],
  [
    "an image that is none",
    messages(user([{ type: "image", source: { type: "base64", media_type: "image/png", data: "<svg>" } }])),
    "messages[0].content[0].source.data",
  ],
  [
    "an image of the assistant",
    messages(
      user("hi"),
      assistant([{ type: "image", source: { type: "url", url: "http://x/y.png" } }]),
      user("ho"),
    ),
    "messages[1].content[0].type",
  ],
  ["content that is a number", messages(user(7)), "messages[0].content"],
  ["a tool choice that is none", { message: "hi", tool_choice: "some" }, "tool_choice"],
  ["a tool choice without a name", { message: "hi", tool_choice: { type: "tool" } }, "tool_choice.name"],
  ["no iterations", { message: "hi", max_tool_iterations: 0 }, "max_tool_iterations"],
  ["a temperature of five", { message: "hi", temperature: 5 }, "temperature"],
  ["a negative budget", { message: "hi", budget: { max_cost_usd: -1 } }, "budget.max_cost_usd"],
  ["an unknown budget", { message: "hi", budget: { max_money: 1 } }, "budget.max_money"],
  ["an unknown approval", { message: "hi", approval: "sometimes" }, "approval"],
  ["an unknown key", { message: "hi", modle: "claude" }, "modle"],
] as const)("[chat.bad.request] refuses %s, by POST /chat and POST /jobs", async ([, fields, path]) => {
  const before = await client.newestJobId();
  const asked = system.anthropic.requests.length;
  for (const [route, body] of [
    ["/chat", fields],
    ["/jobs", { type: "chat", ...fields }],
  ] as const) {
    const { errors = [] } = await expectProblem(await client.post(route, body), "invalid_request");
    const found = errors.find((error) => error.path === path);
    expect(found, JSON.stringify(errors)).toBeDefined();
    // A message says what is wrong, or what is right.
    expect(found?.message).not.toBe("Invalid input");
  }
  expect(await client.newestJobId()).toBe(before);
  expect(system.anthropic.requests.slice(asked)).toEqual([]);
});

/** So many wrong elements that to describe each of them would exhaust a process. */
const zeros = `[${"0,".repeat(4_000_000)}0]`;

test.for([
  ["content blocks", `{"type":"chat","messages":[{"role":"user","content":${zeros}}]}`, "messages"],
  ["messages", `{"type":"chat","messages":${zeros}}`, "messages"],
  [
    "events",
    `{"type":"chat","message":"hi","webhook":{"url":"http://x","events":${zeros}}}`,
    "webhook.events",
  ],
] as const)("[api.bad.many] millions of wrong %s are refused in a small answer", async ([, body, path]) => {
  const problem = await expectProblem(await client.post("/jobs", body), "invalid_request");
  expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  expect(JSON.stringify(problem).length).toBeLessThan(1_000);
});

test("[api.bad.many] of many errors the first hundred are told, and that there are more", async () => {
  const keys = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, 0]));
  const { errors = [] } = await expectProblem(
    await client.post("/jobs", { type: "chat", message: "hi", ...keys, ["x".repeat(4_000)]: 0 }),
    "invalid_request",
  );
  expect(errors).toHaveLength(101);
  expect(errors[99]).toEqual({ path: "k99", message: "unknown key" });
  expect(errors[100]?.message).toContain("100");
});

test("[chat.bad.request] two messages of one role in a row are taken: some clients send them", async () => {
  const job = await client.chat(
    messages(user("one"), user("two"), assistant("three"), assistant("four"), user("five")),
  );
  expect(job.status).toBe("completed");
});

/** A body of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const frame = JSON.stringify({ message: "", enable_mcp: false });
  return frame.replace('""', `"${"x".repeat(bytes - frame.length)}"`);
}

test("[chat.bad.size] a body of the limit reaches the model whole, and one byte more is refused", async () => {
  const before = system.anthropic.requests.length;
  const response = await client.post("/chat", bodyOf(LIMIT));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: "completed" });
  const [asked] = system.anthropic.requests.slice(before);
  const { length } = JSON.stringify(asked?.body);
  expect(length).toBeGreaterThan(LIMIT - 1_000);

  const problem = await expectProblem(await client.post("/chat", bodyOf(LIMIT + 1)), "body_too_large");
  expect(problem.detail).toContain(String(LIMIT));
  expect(system.anthropic.requests).toHaveLength(before + 1);
});

test("[chat.bad.header] Prefer and Accept are judged as for every job", async () => {
  const job = { type: "chat", message: "hi" };
  await expectProblem(await client.post("/jobs", job, { prefer: "wait=99" }), "invalid_header");
  await expectProblem(await client.post("/chat", "{"), "invalid_json");
  const plain = { "content-type": "text/plain" };
  await expectProblem(await client.post("/chat", job, plain), "unsupported_media_type");
});
