import type Anthropic from "@anthropic-ai/sdk";
import { startModelServer, type ModelServer } from "@millrace/testing";
import type OpenAI from "openai";
import { expect, test } from "vitest";
import { anthropicClient, ASK, openaiClient, PROVIDERS, serve } from "./model-server-clients.ts";

async function askAnthropic(server: ModelServer, messages: Anthropic.MessageParam[]): Promise<string> {
  const stream = anthropicClient(server).messages.stream({ model: "scripted", max_tokens: 100, messages });
  return stream.finalText();
}

async function askOpenai(server: ModelServer, messages: OpenAI.ChatCompletionMessageParam[]) {
  const { choices } = await openaiClient(server).chat.completions.create({ model: "scripted", messages });
  return choices[0]?.message.content;
}

const ANTHROPIC_HISTORY: Anthropic.MessageParam[] = [
  { role: "user", content: "Read both." },
  {
    role: "assistant",
    content: [
      { type: "thinking", thinking: "Two files.", signature: "signed" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "one", name: "read", input: { path: "a" } },
      { type: "tool_use", id: "two", name: "read", input: { path: "b" } },
    ],
  },
  {
    role: "user",
    content: [
      { type: "tool_result", tool_use_id: "one", content: "alpha $& $1" },
      {
        type: "tool_result",
        tool_use_id: "two",
        content: [
          { type: "text", text: "beta" },
          { type: "text", text: "gamma" },
        ],
        is_error: true,
      },
    ],
  },
];

const OPENAI_HISTORY: OpenAI.ChatCompletionMessageParam[] = [
  { role: "system", content: "Be short." },
  { role: "user", content: "Read both." },
  {
    role: "assistant",
    content: null,
    tool_calls: ["one", "two"].map((id) => ({
      id,
      type: "function",
      function: { name: "read", arguments: "{}" },
    })),
  },
  { role: "tool", tool_call_id: "one", content: "alpha $& $1" },
  { role: "tool", tool_call_id: "two", content: [{ type: "text", text: "beta\ngamma" }] },
];

const LAST = "alpha $& $1\nbeta\ngamma";

test("[testing.model.script.turns] the turn is the number of answers since a human spoke", async () => {
  await using server = await serve({ text: "first" }, { text: "second" }, { text: "third" });

  expect(await askAnthropic(server, ANTHROPIC_HISTORY.slice(0, 1))).toBe("first");
  expect(await askAnthropic(server, ANTHROPIC_HISTORY)).toBe("second");
  expect(await askOpenai(server, OPENAI_HISTORY.slice(0, 2))).toBe("first");
  expect(await askOpenai(server, OPENAI_HISTORY)).toBe("second");

  const goOn = [
    { role: "assistant", content: "Both read." } as const,
    { role: "user", content: "And?" } as const,
  ];
  expect(await askAnthropic(server, [...ANTHROPIC_HISTORY, ...goOn])).toBe("first");
  expect(await askOpenai(server, [...OPENAI_HISTORY, ...goOn])).toBe("first");
  expect(server.requests.map(({ turn }) => turn)).toEqual([0, 1, 0, 1, 0, 0]);
});

test("[testing.model.script.turns] the last entry serves all later turns", async () => {
  await using server = await serve({ text: "always" });
  expect(await askAnthropic(server, ANTHROPIC_HISTORY)).toBe("always");
  expect(server.requests[0]?.turn).toBe(1);
});

test("[testing.model.script.last] {{last}} becomes the text of the last message, tool results included", async () => {
  await using server = await serve({ text: "You say {{last}}, {{last}}." }, { text: "They say {{last}}" });

  expect(await askAnthropic(server, ANTHROPIC_HISTORY)).toBe(`They say ${LAST}`);
  expect(await askOpenai(server, OPENAI_HISTORY)).toBe(`They say ${LAST}`);
  for (const provider of PROVIDERS) {
    expect(await ASK[provider](server, { content: "hello" })).toBe("You say hello, hello.");
  }
});

test("[testing.model.script.asked] {{asked}} becomes what a human said last, in texts and in inputs", async () => {
  const call = { name: "write", input: { key: "{{asked}}/1" } };
  await using server = await serve({ text: "To {{asked}}" }, { text: "{{asked}}", tool_calls: [call] });

  const asked = 'both $& "now"';
  for (const provider of PROVIDERS) {
    expect(await ASK[provider](server, { content: asked })).toBe(`To ${asked}`);
  }
  expect(await askAnthropic(server, ANTHROPIC_HISTORY)).toBe("Read both.");
  expect(await askOpenai(server, OPENAI_HISTORY)).toBe("Read both.");
  const answer = await anthropicClient(server).messages.create({
    model: "scripted",
    max_tokens: 100,
    tools: [{ name: "write", input_schema: { type: "object" } }],
    messages: [{ role: "user", content: asked }, ...ANTHROPIC_HISTORY.slice(1)],
  });
  expect(answer.content).toMatchObject([{ text: asked }, { input: { key: `${asked}/1` } }]);
});

test("[testing.model.script.attempts] successive requests for a turn go through its list", async () => {
  await using server = await serve([{ status: 529 }, { text: "half", cut_after: 0 }, { text: "whole" }]);
  for (const provider of PROVIDERS) {
    const first = { content: "first conversation" };
    await expect(ASK[provider](server, first)).rejects.toThrow("529");
    await expect(ASK[provider](server, first)).rejects.toThrow(Error);
    await expect(ASK[provider](server, { content: "second conversation" })).rejects.toThrow("529");
    expect(await ASK[provider](server, first)).toBe("whole");
    expect(await ASK[provider](server, first)).toBe("whole");
  }
  expect(server.requests.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 3, 4, 1, 2, 1, 3, 4]);
});

test("[testing.model.script.set] a new script serves from then on, and counts anew", async () => {
  await using server = await serve([{ text: "old" }, { text: "older" }]);
  expect(await ASK.openai(server)).toBe("old");
  server.script = { turns: [[{ text: "new" }, { text: "newer" }]] };
  expect(await ASK.openai(server)).toBe("new");
  expect(await ASK.openai(server)).toBe("newer");
  expect(server.script.turns).toMatchObject([[{ text: "new" }, { text: "newer" }]]);
});

test("[testing.model.script.wrong] a wrong script is refused with the places of its mistakes", async () => {
  const script = { turns: [{ text: "fine" }, [{ status: 200 }], { txt: "wrong" }] } as never;
  const message = /turns\.1\.0\.status: .*400[^]*turns\.2: .*"txt"/;
  await expect(startModelServer({ script })).rejects.toThrow(message);

  await using server = await serve({ text: "still here" });
  expect(() => (server.script = script)).toThrow(message);
  expect(await ASK.openai(server)).toBe("still here");
});

test("[testing.model.record] requests are kept with what they held, and can be waited for", async () => {
  await using server = await serve({ text: "Hello" });
  const second = server.request(2);
  await ASK.anthropic(server, { content: "one" });
  await ASK.openai(server, { content: "two" });

  expect(await server.request(1)).toMatchObject({
    provider: "anthropic",
    path: "/v1/messages",
    headers: { authorization: "Bearer any" },
    body: { model: "scripted", stream: true, messages: [{ role: "user", content: "one" }] },
    turn: 0,
    attempt: 1,
  });
  expect(await second).toMatchObject({ provider: "openai", path: "/v1/chat/completions" });
  expect(await Promise.all(server.requests.map(({ finished }) => finished))).toEqual([true, true]);
  expect(server.open).toBe(0);
});

test("[testing.model.record] only the latest requests are kept", async () => {
  await using server = await startModelServer({ script: { turns: [{ text: "Hello" }] }, record: 2 });
  for (const content of ["one", "two", "three"]) await ASK.openai(server, { content });

  const contents = server.requests.map(({ body }) => body["messages"]);
  expect(contents).toMatchObject([[{ content: "two" }], [{ content: "three" }]]);
  expect(await server.request(2)).toBe(server.requests[0]);
  await expect(server.request(1)).rejects.toThrow("not kept");
});

test("[testing.model.close] closing ends open connections and all that waits", async () => {
  const server = await serve({ text: "Hello", stall_after: 0 });
  const waiting = Promise.allSettled([ASK.anthropic(server), server.request(3)]);
  const { finished } = await server.request(1);

  await server.close();
  const [asked, third] = await waiting;
  expect(asked).toMatchObject({ status: "rejected" });
  expect(third).toMatchObject({ reason: { message: "The model server closed before request 3 came." } });
  expect(await finished).toBe(false);
  await server.close();
});
