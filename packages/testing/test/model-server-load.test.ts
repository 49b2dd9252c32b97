import { expect, test } from "vitest";
import { ASK, PROVIDERS, serve } from "./model-server-clients.ts";

const CLIENTS = process.env["MILLRACE_TEST_SIZE"] === "full" ? 1_000 : 200;

const clients = Array.from({ length: CLIENTS }, (_, index) => ({
  ask: ASK[PROVIDERS[index % PROVIDERS.length] ?? "anthropic"],
  content: `client ${index}`,
}));

test("[testing.model.load] very many streams at once all get their text", async () => {
  await using server = await serve({ text: "Hello to {{last}}", chunk_length: 4, chunk_delay_ms: 5 });
  const answers = await Promise.all(clients.map(({ ask, content }) => ask(server, { content })));
  expect(answers).toEqual(clients.map(({ content }) => `Hello to ${content}`));
  const finished = await Promise.all(server.requests.map((request) => request.finished));
  expect(new Set(finished)).toEqual(new Set([true]));
  expect(server.open).toBe(0);
});

test("[testing.model.load] very many streams are open at once, and all end when their clients go", async () => {
  await using server = await serve({ text: "Hello", stall_after: 0 });
  const going = new AbortController();
  const asking = Promise.allSettled(
    clients.map(({ ask, content }) => ask(server, { content, signal: going.signal })),
  );
  await server.request(CLIENTS);
  expect(server.open).toBe(CLIENTS);

  going.abort();
  await asking;
  const finished = await Promise.all(server.requests.map((request) => request.finished));
  expect(new Set(finished)).toEqual(new Set([false]));
  expect(server.open).toBe(0);
});
