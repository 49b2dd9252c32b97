import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { createClient, type MillraceClient } from "../src/index.ts";
import { collect } from "./support/collect.ts";

let system: ChatSystem;
let client: MillraceClient;

beforeAll(async () => {
  system = await startChatSystem({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  await system.client.untilConnected(1);
  client = createClient({ url: system.installation.api.url });
});
afterAll(() => system.close());

test("[client.chat] a chat streams its text over all turns, and ends with the job", async () => {
  system.anthropic.script = {
    turns: [
      { text: "Let me look. ", tool_calls: [{ name: "fixture__echo", input: { text: "tea" } }] },
      { text: "It says {{last}}." },
    ],
  };
  const chat = await client.chat("what does it say?", { model: "claude", mcp_servers: ["fixture"] });
  expect((await collect(chat.text())).join("")).toBe("Let me look. It says tea.");
  expect(await chat.end()).toMatchObject({ status: "completed", result: { text: "It says tea." } });
  const types = (await collect(chat.events())).map(({ type }) => type);
  expect(types).toContain("tool.returned");

  const more = await client.chat([{ role: "user", content: "again" }], { previous_job_id: chat.id });
  expect((await more.end()).status).toBe("completed");
});

test("[client.chat.discarded] text of a turn that is taken back is told, and comes anew", async () => {
  system.anthropic.script = { turns: [[{ text: "x".repeat(40), cut_after: 1 }, { text: "whole" }]] };
  const chat = await client.chat("break", { model: "claude", enable_mcp: false });
  let shown = "";
  const onDiscarded = (text: string) => (shown = shown.slice(0, shown.length - text.length));
  for await (const text of chat.text({ onDiscarded })) shown += text;
  expect(shown).toBe("whole");
});

test("[client.chat] a chat is cancelled", async () => {
  system.anthropic.script = { turns: [{ text: "never", first_delay_ms: 60_000 }] };
  const chat = await client.chat("wait", { model: "claude" });
  await chat.cancel();
  expect((await chat.end()).status).toBe("cancelled");
});
