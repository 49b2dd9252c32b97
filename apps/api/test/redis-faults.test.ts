import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedisProcess, type RedisProcess } from "@millrace/testing";
import getPort from "get-port";
import type { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import {
  batchOf,
  echoLines,
  newestBatch,
  openUpload,
  sendBatch,
  untilBatch,
  untilBatchEnds,
} from "../../../test/support/batches.ts";
import { startAwakeTime } from "../../../test/support/awake-time.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { newPrefix, startInstallation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { listening, startProgram } from "../../../test/support/program.ts";
import { startWorker } from "../../../test/support/test-worker.ts";

/** 2 s for Redis to answer, and what a busy machine adds. */
const SOON_MS = 8_000;

/** Before the connection itself is found to be dead. */
const UPLOAD_SOON_MS = 4_500;

/** A Redis that stood still carries out what it was told meanwhile, so nothing that runs may be cancelled. */
const NO_JOB = "job_01k9z3j8d0g1xj3m5y7q2r4s6t";

const echo = { type: "tool", tool: "echo", arguments: { text: "x" } };

/** Every route that needs Redis says, and soon, that it is away and when to come again. */
async function expectUnavailable(client: HttpClient, jobId: string): Promise<void> {
  const ask = [
    () => client.post("/jobs", echo),
    () => client.post("/jobs", echo, { prefer: "wait=30" }),
    () => client.post("/jobs", echo, { accept: "text/event-stream" }),
    () => client.post("/mcp/servers/fixture/tools/echo/execute", { arguments: { text: "x" } }),
    () => client.post("/chat", { message: "echo text=x" }),
    () => client.post(`/jobs/${NO_JOB}/cancel`, {}),
    () => client.post(`/jobs/${NO_JOB}/approvals/call_1`, { decision: "approve" }),
    () => client.get("/jobs"),
    () => client.get(`/jobs/${jobId}`),
    () => client.get(`/jobs/${jobId}?wait=30`),
    () => client.get(`/jobs/${jobId}/events`),
    () => client.get("/health/ready"),
  ];
  const started = performance.now();
  await Promise.all(
    ask.map(async (request) => {
      const response = await request();
      expect(response.headers.get("retry-after")).toBe("1");
      await expectProblem(response, "store_unavailable");
    }),
  );
  expect(performance.now() - started).toBeLessThan(SOON_MS);
  expect(await client.read("/health/live")).toEqual({ status: "live" });
}

function untilReady(client: HttpClient): Promise<unknown> {
  return client.until("/health/ready", (_body, status) => status === 200);
}

async function startWithOwnRedis(): Promise<{ client: HttpClient; server: RedisProcess; redis: Redis }> {
  const appendOnlyFolder = await mkdtemp(join(tmpdir(), "millrace-faults-"));
  onTestFinished(() => rm(appendOnlyFolder, { recursive: true }));
  // With "everysec" a slow disk may hold writes back that have been answered, and a kill loses those.
  const server = await startRedisProcess({ appendOnlyFolder, settings: { appendfsync: "no" } });
  onTestFinished(() => server.close());
  const installation = await startInstallation({ redisUrl: server.url, servers: [fixtureServer()] });
  const { client } = installation.api;
  onTestFinished(async () => {
    // A worker that stops waits for Redis, to say goodbye to the fleet: also when a test has failed half-way.
    if ((await client.get("/health/ready")).status !== 200) await server.restart();
    await installation.close();
  });
  installation.redis.on("error", () => undefined); // away on purpose
  await client.untilConnected(1);
  return { client, server, redis: installation.redis };
}

async function runningJob(client: HttpClient, ms: number): Promise<string> {
  const job = await client.submit({ tool: "wait", arguments: { ms } });
  await using stream = await client.events(job.id);
  await stream.untilType("job.started");
  return job.id;
}

test("[faults.redis.absent] the api starts without Redis, says 503, and works once it is there", async () => {
  const port = await getPort({ host: "127.0.0.1" });
  const environment = { REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_KEY_PREFIX: newPrefix(), PORT: "0" };
  await using api = startProgram("api", environment);
  const client = await listening(api);
  await expectUnavailable(client, "job_01arz3ndektsv4rrffq69g5fav");
  const outage = await api.log.line(({ msg }) => msg.includes("does not answer"));
  expect(outage.msg).toContain(`redis://127.0.0.1:${port}`);
  expect(outage.msg).toContain("REDIS_URL");

  await using _server = await startRedisProcess({ port });
  await api.log.line(
    ({ msg, connection }) => msg === "Redis is back" && !String(connection).endsWith(":events"),
  );
  expect(await client.read("/health/ready")).toMatchObject({ status: "ready", redis: true, workers: 0 });
  await using _worker = await startWorker([fixtureServer()], environment);
  await client.untilConnected(1);
  expect((await client.run(echo)).status).toBe("completed");
});

test("[faults.redis.killed] a Redis that crashes and comes back costs no job and no event", async () => {
  const { server, client } = await startWithOwnRedis();
  const before = await client.run(echo);
  await server.kill();
  await expectUnavailable(client, before.id);
  await server.restart();
  await untilReady(client);

  // A short crash: after a long one the job would be another worker's, rightly.
  const jobId = await runningJob(client, 1_500);
  await using open = await client.events(jobId);
  await using resumed = await client.events(jobId, { "last-event-id": "1" });
  expect((await resumed.next())?.id).toBe("2");
  await server.kill();
  await server.restart();
  await untilReady(client);

  expect((await client.run(echo)).status).toBe("completed");
  expect(await client.job(before.id)).toEqual(before);
  expect((await open.rest()).map(({ id }) => id)).toEqual(["1", "2", "3"]);
  expect((await resumed.rest()).map(({ id, event }) => [id, event])).toEqual([["3", "job.completed"]]);
  expect((await client.job(jobId)).status).toBe("completed");
});

test("[faults.redis.killed] a job that waits in its queue while Redis crashes is run", async () => {
  const { server, client } = await startWithOwnRedis();
  const job = await client.submit({ ...echo, delay_ms: 1_000 });
  await server.kill();
  await server.restart();
  await untilReady(client);
  const response = await client.get(`/jobs/${job.id}?wait=20`);
  expect(await response.json()).toMatchObject({ status: "completed" });
});

test("[faults.redis.paused] while Redis hangs the api says 503 soon, and works when it goes on", async () => {
  const { server, client } = await startWithOwnRedis();
  const before = await client.run(echo);
  await server.pause();
  await expectUnavailable(client, before.id);
  server.resume();
  await untilReady(client);

  // A short pause: after a long one the job would be another worker's, rightly.
  const jobId = await runningJob(client, 1_000);
  await using stream = await client.events(jobId, { "last-event-id": "1" });
  expect((await stream.next())?.event).toBe("job.started");
  await server.pause();
  await expectProblem(await client.get(`/jobs/${jobId}`), "store_unavailable");
  server.resume();
  await untilReady(client);
  expect((await client.run(echo)).status).toBe("completed");
  expect((await stream.rest()).map(({ id, event }) => [id, event])).toEqual([["3", "job.completed"]]);
});

test("[faults.redis.upload] an upload is told soon that Redis hangs, and goes on when the same file comes again", async () => {
  const { server, client } = await startWithOwnRedis();
  const headers = { "idempotency-key": "upload" };
  const lines = echoLines(40);
  const upload = openUpload(client, { headers });
  await upload.write(`${lines.slice(0, 10).join("\n")}\n`);
  const id = await newestBatch(client);
  await untilBatch(client, id, { counts: { completed: 10 } });
  await server.pause();
  using paused = startAwakeTime();
  await upload.write(`${lines.slice(10).join("\n")}\n`);
  expect(await upload.end()).toBe(503);
  expect(paused.ms).toBeLessThan(UPLOAD_SOON_MS);
  server.resume();
  await untilReady(client);
  await batchOf(await sendBatch(client, lines, { headers }), 200);
  expect(await untilBatchEnds(client, id)).toMatchObject({ upload: "complete", counts: { completed: 40 } });
});

test("[faults.redis.memory] who is refused because Redis has no memory left is told so, and of the cure", async () => {
  const { client, redis } = await startWithOwnRedis();
  await redis.config("SET", "maxmemory", "1");
  const refused = await Promise.all([client.post("/jobs", echo), sendBatch(client, echoLines(1))]);
  for (const response of refused) {
    const { detail } = await expectProblem(response, "store_unavailable");
    expect(detail).toContain("raise its maxmemory");
  }
  await redis.config("SET", "maxmemory", "0");
  expect((await client.run(echo)).status).toBe("completed");
});
