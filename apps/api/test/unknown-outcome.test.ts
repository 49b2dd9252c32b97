import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerSettings } from "@millrace/host-core";
import { startFixtureHttp } from "@millrace/testing";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import type { ToolJob } from "@millrace/contracts";
import { eventsOf, logOf, textOf } from "../../../test/support/chat-jobs.ts";
import { startChatSystem } from "../../../test/support/chat-system.ts";
import { jobOf } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer, mcpServer } from "../../../test/support/mcp-servers.ts";
import { startWorker } from "../../../test/support/test-worker.ts";

async function installationWithout(): Promise<Installation> {
  const installation = await startInstallation({ redisUrl: inject("redisUrl") });
  onTestFinished(() => installation.close());
  return installation;
}

async function addWorker({ environment, api }: Installation, server: ServerSettings = fixtureServer()) {
  const worker = await startWorker([server], environment);
  onTestFinished(() => worker.close());
  await api.client.untilConnected(1);
  return worker;
}

async function endOf({ api }: Installation, { id }: { id: string }): Promise<ToolJob> {
  return (await jobOf(await api.client.get(`/jobs/${id}?wait=30`))) as ToolJob;
}

test("[worker.tool.unknown] a call that a dead worker had begun is made again only where that does no harm", async () => {
  const installation = await installationWithout();
  const { client } = installation.api;
  /** Submitted, and then as if a worker had claimed it and died. */
  const begun = async (request: object): Promise<ToolJob> => {
    const job = await client.submit({ server: "fixture", ...request });
    await installation.redis.hset(`${installation.prefix}:{${job.id}}`, {
      status: "running",
      worker_id: "dead",
    });
    return job;
  };
  const plain = await begun({ tool: "harmless_write", arguments: { text: "x" } });
  const asked = await begun({ tool: "harmless_write", arguments: { text: "x" }, on_unknown: "retry" });
  const readOnly = await begun({ tool: "read_only" });
  const idempotent = await begun({ tool: "idempotent" });
  const destructive = await begun({ tool: "destructive_write" });
  await addWorker(installation);

  for (const job of [plain, destructive]) {
    expect(await endOf(installation, job)).toMatchObject({
      status: "failed",
      result: null,
      attempt: 1,
      error: { code: "outcome_unknown", retryable: false },
    });
  }
  for (const job of [asked, readOnly, idempotent]) {
    expect(await endOf(installation, job)).toMatchObject({ status: "completed", attempt: 1 });
  }
  // Somebody has found out that it has not happened.
  await client.post(`/jobs/${plain.id}/retry`, {});
  expect(await endOf(installation, plain)).toMatchObject({ status: "completed", attempt: 2 });
});

test("[cancel.unknown] a cancel names the call that was under way when its worker died, which has not proved to have stopped", async () => {
  const installation = await installationWithout();
  const { client } = installation.api;
  const takenByDead = async (request: object) => {
    const job = await client.submit({ server: "fixture", tool: "read_only", ...request });
    await installation.redis.hset(`${installation.prefix}:{${job.id}}`, {
      status: "running",
      worker_id: "dead",
    });
    await client.post(`/jobs/${job.id}/cancel`, {});
    return job;
  };
  const begun = await takenByDead({});
  const writing = await takenByDead({ tool: "harmless_write", arguments: { text: "x" } });
  const neverAllowed = await takenByDead({ approval: "always" });
  await addWorker(installation);
  const nothing = { completed: [], stopped: [], ignored: [], model_stopped: false };
  expect(await endOf(installation, begun)).toMatchObject({
    status: "cancelled",
    cancellation: { ...nothing, ignored: [{ tool_call_id: "call_1", tool: "fixture__read_only" }] },
  });
  expect(await endOf(installation, writing)).toMatchObject({
    status: "cancelled",
    cancellation: { ...nothing, ignored: [{ tool_call_id: "call_1", tool: "fixture__harmless_write" }] },
  });
  expect(await endOf(installation, neverAllowed)).toMatchObject({
    status: "cancelled",
    cancellation: nothing,
  });
});

test("[worker.tool.unknown.approval] a call that nobody has approved has not been made by a worker that died", async () => {
  const installation = await installationWithout();
  const { client } = installation.api;
  const takenByDead = ({ id }: { id: string }) =>
    installation.redis.hset(`${installation.prefix}:{${id}}`, { status: "running", worker_id: "dead" });
  const call = { server: "fixture", arguments: { text: "x" } };
  const asking = await client.submit({ ...call, tool: "harmless_write", approval: "always" });
  await takenByDead(asking);
  const worker = await addWorker(installation);
  const untilParked = ({ id }: { id: string }) =>
    client.until<{ status: string }>(`/jobs/${id}`, ({ status }) => status === "parked");
  await untilParked(asking);

  const request = { ...call, tool: "destructive_write", approval: "destructive" };
  const [denied, approved] = [await client.submit(request), await client.submit(request)];
  await untilParked(denied);
  await untilParked(approved);
  await worker.close();
  await client.post(`/jobs/${denied.id}/approvals/call_1`, { decision: "deny" });
  await client.post(`/jobs/${approved.id}/approvals/call_1`, { decision: "approve" });
  await takenByDead(denied);
  await takenByDead(approved);
  await addWorker(installation);
  expect(await endOf(installation, denied)).toMatchObject({ error: { code: "approval_denied" } });
  expect(await endOf(installation, approved)).toMatchObject({ error: { code: "outcome_unknown" } });
});

test("[worker.tool.hand_back] a job that still waited for its server when its worker left is simply run elsewhere", async () => {
  const installation = await installationWithout();
  const { client } = installation.api;
  const fixture = await startFixtureHttp();
  onTestFinished(() => fixture.close());
  const transport = { type: "http", url: fixture.httpUrl, headers: {} } as const;
  const server = mcpServer("fixture", transport, { maxConcurrentTools: 1 });
  const leaving = await addWorker(installation, server);
  const running = await client.submit({
    server: "fixture",
    tool: "wait",
    arguments: { ms: 60_000 },
    timeout_ms: 90_000,
  });
  const waiting = await client.submit({
    server: "fixture",
    tool: "destructive_write",
    arguments: { text: "later" },
  });
  for (const { id } of [running, waiting]) {
    await client.until<{ status: string }>(`/jobs/${id}`, ({ status }) => status === "running");
  }
  await vi.waitFor(() => expect(fixture.stats.running).toBe(1), 20_000);
  await leaving.close();
  await addWorker(installation, server);
  expect(await endOf(installation, waiting)).toMatchObject({
    status: "completed",
    result: { content: [{ text: "destructive_write: later" }] },
  });
  expect(await endOf(installation, running)).toMatchObject({
    status: "failed",
    error: { code: "outcome_unknown" },
  });
});

test("[worker.tool.held] the record tells a call that waits for a place from one that has been sent", async () => {
  const installation = await installationWithout();
  const { client } = installation.api;
  await addWorker(installation, fixtureServer("fixture", { maxConcurrentTools: 1 }));
  const submit = () => client.submit({ server: "fixture", tool: "wait", arguments: { ms: 60_000 } });
  const [first, second] = [await submit(), await submit()];
  /** Whether a worker that died now would leave it known that nothing has been sent. */
  const isKnown = async ({ id }: ToolJob): Promise<boolean> => {
    const [run, idle] = await installation.redis.hmget(`${installation.prefix}:{${id}}`, "run", "idle_run");
    return run === idle;
  };
  await vi.waitFor(async () => expect([await isKnown(first), await isKnown(second)]).toContain(true), 20_000);
  const [sent, held] = (await isKnown(first)) ? [second, first] : [first, second];
  expect(await isKnown(sent)).toBe(false);
  await client.post(`/jobs/${sent.id}/cancel`, {});
  await vi.waitFor(async () => expect(await isKnown(held)).toBe(false), 20_000);
  await client.post(`/jobs/${held.id}/cancel`, {});
  expect((await endOf(installation, held)).status).toBe("cancelled");
});

test("[worker.tool.lost] a server that dies in the middle of a call leaves its outcome unknown", async () => {
  const installation = await installationWithout();
  const { log } = await addWorker(installation);
  const job = await installation.api.client.run({ server: "fixture", tool: "exit" });
  expect(job).toMatchObject({ status: "failed", error: { code: "outcome_unknown", retryable: false } });
  // A second call would have ended it a second time.
  expect(log.lines.filter(({ msg }) => msg === "MCP server is not available")).toHaveLength(1);
});

test("[worker.tool.lost.again] a call whose answer was lost is not forgotten while it waits to be made again", async () => {
  const installation = await installationWithout();
  const { client } = installation.api;
  const folder = await mkdtemp(join(tmpdir(), "millrace-mortal-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  // A server that cannot be started again once the folder is gone.
  const mortal = join(folder, "alive");
  await mkdir(mortal);
  const { transport } = fixtureServer();
  if (transport.type !== "stdio") throw new Error("no stdio server");
  const server = mcpServer("fixture", { ...transport, cwd: mortal });
  const leaving = await addWorker(installation, server);
  await rm(mortal, { recursive: true });
  const job = await client.submit({ server: "fixture", tool: "exit", on_unknown: "retry" });
  await client.untilConnected(0);
  await leaving.close();
  await client.post(`/jobs/${job.id}/cancel`, {});
  await addWorker(installation);
  expect(await endOf(installation, job)).toMatchObject({
    status: "cancelled",
    cancellation: { ignored: [{ tool_call_id: "call_1", tool: "fixture__exit" }] },
  });
});

test("[chat.tool.lost] a model is told that nobody knows what became of a call whose server died", async () => {
  await using system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
  });
  await system.client.untilConnected(1);
  system.anthropic.script = {
    turns: [{ tool_calls: [{ name: "fixture__exit", input: {} }] }, { text: "I cannot know." }],
  };
  const job = await system.client.chat({ message: "stop it" });
  expect(job).toMatchObject({ status: "completed", result: { text: "I cannot know." } });
  const [returned] = eventsOf(await logOf(system.client, job), "tool.returned");
  expect(returned).toMatchObject({ is_error: true, error: { code: "outcome_unknown" } });
  expect(textOf(returned?.result.content ?? [])).toContain("may or may not have happened");
});
