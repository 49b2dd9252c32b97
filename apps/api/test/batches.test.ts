import type { BatchPage, JobPage, ToolJob, ToolJobResult } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  batchEvents,
  batchOf,
  batchResults,
  echoLine,
  echoLines,
  sendBatch,
  untilBatchEnds,
} from "../../../test/support/batches.ts";
import { EventStreamReader } from "../../../test/support/event-stream-reader.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let installation: Installation;
let client: HttpClient;
let bob: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: {
      API_KEYS: "alice:a-secret-of-alice,bob:a-secret-of-bob",
    },
  });
  client = installation.api.client.as("a-secret-of-alice");
  bob = installation.api.client.as("a-secret-of-bob");
  await client.untilConnected(1);
});
afterAll(() => installation.close());

function textOf(result: unknown): unknown {
  return (result as ToolJobResult).content[0]?.["text"];
}

test("[api.batch.events.expired] a stream ends when the retention of its batch is over", async () => {
  const { prefix, redis } = installation;
  const { id } = await batchOf(await sendBatch(client, [echoLine("", { delay_ms: 3_600_000 })]));
  await using stream = new EventStreamReader(await client.get(`/batches/${id}/events`));
  expect((await stream.next())?.event).toBe("batch.progress");
  await redis.del(`${prefix}:{${id}}`);
  await redis.publish(`${prefix}:{${id}}:events`, "");
  expect(await stream.next()).toBeNull();
});

test("[api.batch] each line makes a job, whose result comes back under the line's own name", async () => {
  const response = await sendBatch(client, echoLines(600));
  const { id } = await batchOf(response);
  expect(response.headers.get("location")).toBe(`/batches/${id}`);
  const ended = await untilBatchEnds(client, id);
  expect(ended).toMatchObject({
    status: "completed",
    upload: "complete",
    lines: 600,
    accepted: 600,
    rejected: 0,
    rejections: [],
    counts: { pending: 0, completed: 600, failed: 0, cancelled: 0 },
  });
  expect(ended.finished_at).not.toBeNull();
  const results = await batchResults(client, id);
  expect(new Set(results.map(({ line }) => line)).size).toBe(600);
  for (const { custom_id, line, status, result, error } of results) {
    expect([custom_id, status, textOf(result), error]).toEqual([
      `c${line}`,
      "completed",
      `text ${line}`,
      null,
    ]);
  }
});

test("[api.batch.jobs] a batch's jobs are jobs like others: they name their batch and are listed by it", async () => {
  const { id, links } = await batchOf(
    await sendBatch(client, [...echoLines(12), echoLine("", { tool: "fail", arguments: {} })]),
  );
  await untilBatchEnds(client, id);
  const listed: string[] = [];
  let cursor: string | null = null;
  do {
    const page: JobPage = await client.read(`${links.jobs}&limit=5${cursor ? `&cursor=${cursor}` : ""}`);
    expect(page.jobs.every((job) => job.batch_id === id)).toBe(true);
    listed.push(...page.jobs.map((job) => job.id));
    cursor = page.next_cursor;
  } while (cursor !== null);
  expect(listed).toHaveLength(13);
  expect(listed).toEqual(listed.toSorted().toReversed());
  const failed: JobPage = await client.read(`${links.jobs}&status=failed`);
  expect(failed.jobs.map((job) => (job as ToolJob).request.tool)).toEqual(["fail"]);
  expect(await bob.read(links.jobs)).toEqual({ jobs: [], next_cursor: null });
  const all: JobPage = await client.read("/jobs?limit=200");
  expect(all.jobs.map((job) => job.id)).toEqual(expect.arrayContaining(listed));
});

test("[api.batch.results] results come by completion or by line, and go on behind a cursor", async () => {
  const lines = [
    "",
    echoLine("a"),
    echoLine("b", { custom_id: "same" }),
    "",
    echoLine("c", { custom_id: "same" }),
    "",
  ];
  const { id, lines: last } = await batchOf(await sendBatch(client, lines));
  expect(last).toBe(5);
  await untilBatchEnds(client, id);
  const byLine = await batchResults(client, id, "?order=input");
  expect(byLine.map(({ line, custom_id }) => [line, custom_id])).toEqual([
    [2, null],
    [3, "same"],
    [5, "same"],
  ]);
  const completed = await batchResults(client, id);
  expect(new Set(completed.map(({ line }) => line))).toEqual(new Set([2, 3, 5]));
  for (const [order, results] of Object.entries({ input: byLine, completion: completed })) {
    const rest = await batchResults(client, id, `?order=${order}&cursor=${results[0]?.cursor}`);
    expect(rest).toEqual(results.slice(1));
    expect(await batchResults(client, id, `?order=${order}&cursor=${results[2]?.cursor}`)).toEqual([]);
  }
  for (const query of ["?cursor=x", "?cursor=i2", "?order=input&cursor=c1", "?order=size", "?cursor="]) {
    await expectProblem(await client.get(`/batches/${id}/results${query}`), "invalid_query");
  }
});

test("[api.batch.results.large] large results come whole", async () => {
  const text = "x".repeat(50_000);
  const { id } = await batchOf(
    await sendBatch(
      client,
      Array.from({ length: 30 }, () => echoLine(text)),
    ),
  );
  await untilBatchEnds(client, id);
  const results = await batchResults(client, id);
  expect(results.filter(({ result }) => textOf(result) === text)).toHaveLength(30);
});

test("[api.batch.options] what the query says holds for lines that do not say it themselves", async () => {
  const lines = [echoLine("a"), echoLine("b", { priority: 1, timeout_ms: 5_000 })];
  const query = "?priority=9&timeout_ms=9000&retention_seconds=600&concurrency=1";
  const { id, options } = await batchOf(await sendBatch(client, lines, { query }));
  expect(options).toEqual({ priority: 9, timeout_ms: 9_000, retention_seconds: 600, concurrency: 1 });
  await untilBatchEnds(client, id);
  const { jobs }: JobPage = await client.read(`/jobs?batch_id=${id}`);
  expect(jobs.map(({ request }) => [request.priority, request.timeout_ms])).toEqual([
    [1, 5_000],
    [9, 9_000],
  ]);
  for (const wrong of ["?concurrency=0", "?concurrency=x", "?concurrency=-1", "?priority=11", "?size=1"]) {
    await expectProblem(await sendBatch(client, lines, { query: wrong }), "invalid_query");
  }
});

test("[api.batch.events] progress comes at most ten times a second, and ends with the batch's end", async () => {
  const { id } = await batchOf(await sendBatch(client, echoLines(400)));
  const response = await client.get(`/batches/${id}/events`);
  const events = batchEvents(await response.text());
  const last = events.at(-1);
  expect(last).toMatchObject({ type: "batch.completed", batch: { counts: { completed: 400 } } });
  const ids = events.map((event) => event.id);
  expect(ids).toEqual(ids.toSorted((first, second) => first - second));
  expect(events.slice(0, -1).every(({ type }) => type === "batch.progress")).toBe(true);
  const header = { "last-event-id": String(last?.id) };
  expect((await client.get(`/batches/${id}/events`, header)).status).toBe(204);
  expect((await client.get(`/batches/${id}/events?after=${last?.id}`)).status).toBe(204);
  expect(batchEvents(await (await client.get(`/batches/${id}/events?after=1`)).text())).toHaveLength(1);
  const past = { "last-event-id": String((last?.id ?? 0) + 1) };
  await expectProblem(await client.get(`/batches/${id}/events`, past), "invalid_header");
  await expectProblem(await client.get(`/batches/${id}/events?after=x`), "invalid_query");
});

test("[api.batch.events.time] an event says the same whenever it is read, its time too", async () => {
  const { id } = await batchOf(await sendBatch(client, echoLines(1)));
  await untilBatchEnds(client, id);
  const read = async () => batchEvents(await (await client.get(`/batches/${id}/events`)).text());
  const first = await read();
  expect(first).toHaveLength(1);
  expect(await read()).toEqual(first);
});

test("[api.batch.tenants] a batch is its key's, and unknown ones are not found", async () => {
  const { id } = await batchOf(await sendBatch(client, echoLines(1)));
  await untilBatchEnds(client, id);
  const { batches }: BatchPage = await client.read("/batches?limit=2");
  expect(batches[0]).toMatchObject({ id, status: "completed" });
  expect(batches).toHaveLength(2);
  const next: BatchPage = await client.read(`/batches?limit=2&cursor=${batches[1]?.id}`);
  expect(next.batches[0]?.id).not.toBe(id);
  expect(await bob.read("/batches")).toEqual({ batches: [], next_cursor: null });
  for (const other of [id, "batch_00000000000000000000", "nonsense", "%00"]) {
    for (const path of ["", "/results", "/events"]) {
      await expectProblem(await bob.get(`/batches/${other}${path}`), "batch_not_found");
    }
    await expectProblem(await bob.post(`/batches/${other}/cancel`, {}), "batch_not_found");
  }
  const typeless = { method: "POST", body: "x", headers: { "content-type": "text/csv" } };
  await expectProblem(await client.request("/batches", typeless), "unsupported_media_type");
  const empty = await batchOf(await sendBatch(client, []));
  expect(empty).toMatchObject({ status: "completed", lines: 0, accepted: 0 });
});
