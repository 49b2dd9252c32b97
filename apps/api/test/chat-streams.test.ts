import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { endOf, logOf, shownText, submitChat, untilEvent } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { untilFollowed } from "../../../test/support/redis-clients.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const VISITS = FULL ? 1_000 : 100;

let system: ChatSystem;
let client: HttpClient;

beforeAll(async () => {
  system = await startChatSystem({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = system.client;
  await client.untilConnected(1);
});
afterAll(() => system.close());

const followed = (count: number) => {
  const { redis, prefix } = system.installation;
  return untilFollowed(redis, prefix, count);
};

test("[chat.streams.leave] clients that connect and leave cost nothing and stop nothing", async () => {
  system.anthropic.script = { turns: [{ text: "one two three", chunk_length: 4, stall_after: 2 }] };
  const job = await submitChat(client, { message: "count" });
  await untilEvent(client, job, "text.delta");
  for (let visit = 0; visit < VISITS; visit += 10) {
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        await using stream = await client.events(job.id);
        for (let seen = 0; seen < index % 4; seen += 1) await stream.next();
      }),
    );
  }
  await followed(0);
  expect((await client.job(job.id)).status).toBe("running");
  await client.post(`/jobs/${job.id}/cancel`, {});
  expect((await endOf(client, job)).status).toBe("cancelled");
});

test("[chat.streams.hang_up] a client that hangs up on POST /chat leaves its job to run to its end", async () => {
  system.anthropic.script = {
    turns: [{ tool_calls: [{ name: "fixture__wait", input: { ms: 400 } }] }, { text: "all the same" }],
  };
  const hangUp = new AbortController();
  const response = await client.request("/chat", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: "hello", stream: true }),
    signal: hangUp.signal,
  });
  const id = response.headers.get("location")?.split("/").at(-1) ?? "";
  await untilEvent(client, { id }, "tool.called");
  hangUp.abort();
  expect(await endOf(client, { id })).toMatchObject({
    status: "completed",
    result: { text: "all the same" },
  });
});

test("[chat.streams.slow_reader] a slow reader of a fast stream holds nobody up, and misses nothing", async () => {
  // The whole stream has some 25 MB, far more than a socket holds of which nobody reads: the api has to wait.
  const text = "0123456789abcdef".repeat(200_000);
  const again = { tool_calls: [{ name: "fixture__echo", input: { text: "more" } }] };
  const fast = { text, chunk_length: 16_384 };
  system.anthropic.script = { turns: [{ ...fast, ...again }, { ...fast, ...again }, fast] };
  const job = await submitChat(client, { message: "pour", delay_ms: 300 });
  const request = httpRequest(`${client.url}/jobs/${job.id}/events`);
  request.end();
  const [slow] = (await once(request, "response")) as [IncomingMessage];
  slow.pause();

  const events = await logOf(client, job);
  expect(events.at(-1)?.type).toBe("job.completed");
  expect([...shownText(events).values()].every((shown) => shown === text)).toBe(true);

  // It comes back to its senses.
  const chunks = (await slow.toArray()) as Buffer[];
  const whole = await (await client.get(`/jobs/${job.id}/events`)).text();
  expect(Buffer.concat(chunks).toString("utf8") === whole).toBe(true);
  await followed(0);
});
