import { expect, inject, onTestFinished, test } from "vitest";
import type { HttpClient } from "../../../test/support/http-client.ts";
import {
  batchOf,
  batchResults,
  echoLine,
  echoLines,
  newestBatch,
  openUpload,
  sendBatch,
  untilBatch,
  untilBatchEnds,
} from "../../../test/support/batches.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureEntry, McpFile } from "../../../test/support/mcp-file.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { listening, startProgram } from "../../../test/support/program.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const COUNT = FULL ? 5_000 : 200;
const TIMEOUT_MS = FULL ? 300_000 : 120_000;

async function installed(servers = [fixtureServer()]): Promise<Installation> {
  const installation = await startInstallation({ redisUrl: inject("redisUrl"), servers });
  onTestFinished(() => installation.close());
  return installation;
}

async function expectAllCompleted(client: HttpClient, batchId: string, count: number): Promise<void> {
  const ended = await untilBatchEnds(client, batchId);
  expect(ended).toMatchObject({
    status: "completed",
    accepted: count,
    counts: { completed: count, pending: 0 },
  });
  const results = await batchResults(client, batchId);
  expect(results).toHaveLength(count);
  expect(new Set(results.map(({ line }) => line)).size).toBe(count);
}

test(
  "[api.batch.killed] an upload whose api is killed goes on at another api, and nothing runs twice",
  { timeout: TIMEOUT_MS },
  async () => {
    const installation = await installed();
    const { client } = installation.api;
    await client.untilConnected(1);
    const program = startProgram("api", { ...installation.environment, PORT: "0" });
    onTestFinished(async () => void (await program.stop()));
    const lines = echoLines(COUNT);
    const options = { headers: { "idempotency-key": "killed" } };
    const upload = openUpload(await listening(program), options);
    await upload.write(`${lines.slice(0, COUNT / 2).join("\n")}\n`);
    const id = await newestBatch(client);
    await untilBatch(client, id, { accepted: COUNT / 2, upload: "receiving" });
    process.kill(program.pid, "SIGKILL");
    await program.ended;

    const again = await batchOf(await sendBatch(client, lines, options), 200);
    expect(again).toMatchObject({ id, accepted: COUNT, upload: "complete" });
    await expectAllCompleted(client, id, COUNT);
  },
);

test(
  "[api.batch.worker_killed] a batch's counts are right after a worker was killed in the middle of it",
  async () => {
    const installation = await installed([]);
    const { client } = installation.api;
    await using file = await McpFile.unwatched({ fixture: fixtureEntry() });
    const environment = { ...installation.environment, MCP_CONFIG_FILE: file.path, TOOL_CONCURRENCY: "5" };
    const doomed = startProgram("worker", environment);
    onTestFinished(async () => void (await doomed.stop()));
    const survivor = startProgram("worker", environment);
    onTestFinished(async () => void (await survivor.stop()));
    await client.untilConnected(1);
    const lines = Array.from({ length: COUNT }, () =>
      echoLine("", { tool: "wait", arguments: { ms: 50 }, on_unknown: "retry" }),
    );
    const { id } = await batchOf(await sendBatch(client, lines));
    await client.until<{ counts: { completed: number } }>(
      `/batches/${id}`,
      ({ counts }) => counts.completed >= COUNT / 4,
    );
    process.kill(doomed.pid, "SIGKILL");
    await expectAllCompleted(client, id, COUNT);
  },
  TIMEOUT_MS,
);
