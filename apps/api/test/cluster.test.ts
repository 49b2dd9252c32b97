import { startRedisCluster, type RedisCluster } from "@millrace/testing";
import type { Delivery, JobPage, Schedule } from "@millrace/contracts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startApi, type ApiServer } from "../../../test/support/api-server.ts";
import {
  batchOf,
  batchResults,
  echoLine,
  echoLines,
  sendBatch,
  untilBatchEnds,
} from "../../../test/support/batches.ts";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { newPrefix } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { startWorker, type TestWorker } from "../../../test/support/test-worker.ts";
import { WebhookReceiver } from "../../../test/support/webhook-receiver.ts";

const PATIENCE = { timeout: 20_000, interval: 50 };
const ECHO = { type: "tool", tool: "fixture__echo", arguments: { text: "hello" } };

let cluster: RedisCluster;
let worker: TestWorker;
let api: ApiServer;
let client: HttpClient;

beforeAll(async () => {
  cluster = await startRedisCluster();
  const environment = {
    REDIS_URL: cluster.url,
    REDIS_KEY_PREFIX: newPrefix(),
    WEBHOOK_SECRET: "4f2a91c07be35d68a1f0c2e49b7d5836",
  };
  worker = await startWorker([fixtureServer()], { ...environment, WEBHOOK_ALLOW_HOSTS: "127.0.0.1" });
  api = await startApi(environment);
  ({ client } = api);
  await client.untilConnected(1);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await worker[Symbol.asyncDispose]();
  await cluster.close();
});

test("[api.cluster.batch] on three masters the lines of a batch run, a few at a time, and give their results", async () => {
  const lines = [...echoLines(120), "bad"];
  const headers = { "idempotency-key": "three-masters" };
  const { id } = await batchOf(await sendBatch(client, lines, { query: "?concurrency=5", headers }));
  expect(await untilBatchEnds(client, id)).toMatchObject({
    status: "completed",
    accepted: 120,
    rejected: 1,
    counts: { pending: 0, completed: 120, failed: 0, cancelled: 0 },
  });
  const results = await batchResults(client, id, "?order=input");
  expect(results.map(({ custom_id }) => custom_id)).toEqual(
    lines.slice(0, -1).map((_, index) => `c${index + 1}`),
  );
  const again = await batchOf(await sendBatch(client, lines, { query: "?concurrency=5", headers }), 200);
  expect(again).toMatchObject({ id, accepted: 120, status: "completed" });
  const { jobs } = await client.read<JobPage>(`/jobs?batch_id=${id}&limit=5`);
  expect(jobs).toHaveLength(5);
});

test("[api.cluster.batch.cancel] a batch is cancelled on three masters", async () => {
  const later = Array.from({ length: 40 }, (_, index) => echoLine(`${index}`, { delay_ms: 3_600_000 }));
  const { id } = await batchOf(await sendBatch(client, later));
  await client.post(`/batches/${id}/cancel`, {});
  expect(await untilBatchEnds(client, id)).toMatchObject({ status: "cancelled", counts: { cancelled: 40 } });
});

test("[api.cluster.webhook] the end of a job is told on three masters, and can be told again", async () => {
  await using receiver = await WebhookReceiver.start();
  const webhook = { url: receiver.url("/ends") };
  const job = await jobOf(await client.post("/jobs", { ...ECHO, webhook }, { prefer: "wait=20" }));
  const told = (count: number) =>
    vi.waitFor(async () => {
      const { deliveries } = await client.read<{ deliveries: Delivery[] }>(`/jobs/${job.id}/deliveries`);
      expect(deliveries).toMatchObject([{ status: "delivered", attempt_count: count }]);
    }, PATIENCE);
  await told(1);
  expect((await client.post(`/jobs/${job.id}/deliveries/3/replay`, {})).status).toBe(202);
  await told(2);
});

test("[api.cluster.schedule] a schedule submits its job on three masters, pauses and is deleted", async () => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ interval_ms: 1_000, job: ECHO });
  expect((await client.request("/schedules/ticking", { method: "PUT", headers, body })).status).toBe(201);
  const { last_job_id } = await client.until<Schedule>(
    "/schedules/ticking",
    (found) => found.last_job_id !== null,
  );
  expect(await jobOf(await client.get(`/jobs/${last_job_id}?wait=20`))).toMatchObject({
    status: "completed",
  });
  expect((await client.post("/schedules/ticking/pause", {})).status).toBe(200);
  expect((await client.request("/schedules/ticking", { method: "DELETE" })).status).toBe(204);
  await expectProblem(await client.get("/schedules/ticking"), "schedule_not_found");
});

test("[api.cluster.bulk] jobs are cancelled, retried in bulk and counted on three masters", async () => {
  const metadata = { test: "bulk" };
  const waiting = await Promise.all(
    Array.from({ length: 8 }, async () =>
      jobOf(await client.post("/jobs", { ...ECHO, metadata, delay_ms: 3_600_000 })),
    ),
  );
  for (const { id } of waiting) await client.post(`/jobs/${id}/cancel`, {});
  expect((await client.post("/jobs/retry", { status: "cancelled", type: "tool" })).status).toBe(200);
  for (const { id } of waiting) {
    expect(await jobOf(await client.get(`/jobs/${id}?wait=20`))).toMatchObject({ status: "completed" });
  }
  const metrics = await (await client.get("/metrics")).text();
  expect(metrics).toMatch(/millrace_jobs_finished_total\{.*status="completed".*\} \d+/);
});
