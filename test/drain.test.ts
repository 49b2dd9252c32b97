import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobEvent } from "@millrace/contracts";
import { startFixtureHttp, startModelServer, type FixtureHttp, type ModelServer } from "@millrace/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { eventOf } from "./support/event-stream-reader.ts";
import type { HttpClient } from "./support/http-client.ts";
import { deleteKeys, newPrefix } from "./support/installation.ts";
import { listening, logged, startProgram, type Program } from "./support/program.ts";

/** An api and two workers as they are deployed; their MCP server and their model are this process. */
const PATIENCE = { timeout: 20_000, interval: 100 };
const REDIS_URL = inject("redisUrl");

const parts = new AsyncDisposableStack();
const prefix = newPrefix();
const redis = new Redis(REDIS_URL);
let environment: Record<string, string>;
let fixture: FixtureHttp;
let model: ModelServer;
let client: HttpClient;

beforeAll(async () => {
  parts.defer(async () => {
    await deleteKeys(redis, prefix);
    await redis.quit();
  });
  const folder = await mkdtemp(join(tmpdir(), "millrace-drain-"));
  parts.defer(() => rm(folder, { recursive: true }));
  fixture = parts.use(await startFixtureHttp());
  model = parts.use(
    await startModelServer({ script: { turns: [{ text: "nothing to say" }] }, apiKey: "key" }),
  );
  const config = { url: fixture.httpUrl };
  const servers = { mcp_servers: { fixture: { transport_type: "http", config } } };
  await writeFile(join(folder, "mcp-servers.json"), JSON.stringify(servers));
  environment = {
    REDIS_URL,
    REDIS_KEY_PREFIX: prefix,
    PORT: "0",
    ANTHROPIC_API_KEY: "key",
    ANTHROPIC_BASE_URL: model.url,
    MCP_CONFIG_FILE: join(folder, "mcp-servers.json"),
    DRAIN_TIMEOUT_SECONDS: "60",
  };
  client = await listening(parts.use(startProgram("api", environment)));
});
afterAll(() => parts.disposeAsync());

/** A worker that takes jobs, and its id. */
async function startWorker(): Promise<{ id: string; worker: Program }> {
  const worker = startProgram("worker", environment);
  const { worker_id: id } = await logged(worker, ({ msg }) => msg === "Taking jobs");
  return { id: String(id), worker };
}

async function twoWorkers() {
  return new Map((await Promise.all([startWorker(), startWorker()])).map(({ id, worker }) => [id, worker]));
}

function workerOf(event: JobEvent): string {
  return event.type === "job.started" ? event.worker_id : "";
}

test("[drain.deploy] a chat job moves to another worker between two steps, and its reader sees one log", async () => {
  const workers = await twoWorkers();
  await using _all = disposeOf(workers);
  model.script = {
    turns: [{ tool_calls: [{ name: "fixture__wait", input: { ms: 5_000 } }] }, { text: "It has waited." }],
  };
  const [asked, called] = [model.requests.length, fixture.stats.calls];
  const response = await client.post("/jobs", { type: "chat", message: "wait" });
  const { id } = (await response.json()) as { id: string };
  await using stream = await client.events(id);
  const started = eventOf(await stream.untilType("job.started"));
  const [leaving, other] = [
    workers.get(workerOf(started)),
    [...workers.keys()].find((name) => name !== workerOf(started)),
  ];
  await vi.waitFor(() => expect(fixture.stats.running).toBe(1), PATIENCE);
  const ended = leaving?.stop();
  const echo = { tool: "echo", arguments: { text: "meanwhile" } };
  expect((await client.run(echo)).status).toBe("completed");
  const rest = (await stream.rest()).map((frame) => eventOf(frame));
  expect(await ended).toBe(0);
  const first = started.id;
  expect(rest.map((event) => event.id)).toEqual(rest.map((_, index) => first + index + 1));
  expect(rest.filter(({ type }) => type === "job.started").map(workerOf)).toEqual([other]);
  expect(rest.map(({ type }) => type)).not.toContain("turn.discarded");
  expect(rest.at(-1)).toMatchObject({
    type: "job.completed",
    attempt: 1,
    job: { result: { text: "It has waited." } },
  });
  expect(model.requests).toHaveLength(asked + 2);
  expect(fixture.stats.calls).toBe(called + 1);
});

test("[drain.second_signal] a later second signal ends a worker at once, with its jobs as a crash leaves them", async () => {
  const { worker } = await startWorker();
  await using _worker = worker;
  const job = await client.submit({ tool: "wait", arguments: { ms: 60_000 }, timeout_ms: 120_000 });
  await using stream = await client.events(job.id);
  await stream.untilType("job.started");
  let ended: unknown;
  void worker.ended.then((how) => (ended = how));
  await vi.waitFor(() => {
    // What comes within a second of the first is the same signal.
    if (ended === undefined) process.kill(worker.pid, "SIGTERM");
    expect(ended).toBe(1);
  }, PATIENCE);
  // Nobody has been told, so only its lock, which expires, keeps others from it: see recovery.worker-killed.
  expect((await client.job(job.id)).status).toBe("running");
  expect(await redis.exists(`{${prefix}:tool}:tool:${job.id}:lock`)).toBe(1);
});

function disposeOf(workers: ReadonlyMap<string, Program>): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
    },
  };
}
