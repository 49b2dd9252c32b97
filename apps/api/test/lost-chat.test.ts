import { startFixtureHttp } from "@millrace/testing";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import { submitChat } from "../../../test/support/chat-jobs.ts";
import { startChatSystem } from "../../../test/support/chat-system.ts";
import { mcpServer } from "../../../test/support/mcp-servers.ts";

test("[chat.tool.late] a worker that has lost a chat job sends none of its calls that had to wait", async () => {
  const fixture = await startFixtureHttp();
  onTestFinished(() => fixture.close());
  const transport = { type: "http", url: fixture.httpUrl, headers: {} } as const;
  await using system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [mcpServer("fixture", transport, { maxConcurrentTools: 1 })],
  });
  const { client, installation } = system;
  await client.untilConnected(1);
  // The place comes free when the answer does, which is before anybody can write it down.
  const tool_calls = [
    { name: "fixture__wait", input: { ms: 1_500 } },
    { name: "fixture__destructive_write", input: { text: "late" } },
  ];
  system.anthropic.script = { turns: [{ tool_calls }, { text: "done" }] };
  const { id } = await submitChat(client, { message: "write" });
  await vi.waitFor(() => expect(fixture.stats.running).toBe(1), 20_000);
  // As if another worker had claimed it since.
  await installation.redis.hincrby(`${installation.prefix}:{${id}}`, "run", 1);
  await installation.worker?.log.line(({ msg, job_id }) => msg === "Run given up" && job_id === id);
  expect(fixture.stats).toMatchObject({ running: 0, calls: 1 });
});
