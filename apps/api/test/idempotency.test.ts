import type { Batch, BulkRetryResponse, JobPage } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { EventStreamReader } from "../../../test/support/event-stream-reader.ts";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { rawRequest } from "../../../test/support/raw-request.ts";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { API_KEYS: "alice:a-secret-of-alice,bob:a-secret-of-bob,carol:a-secret-of-carol" },
  });
  client = installation.api.client.as("a-secret-of-alice");
  await client.untilConnected(1);
});
afterAll(() => installation.close());

const echo = { type: "tool", server: "fixture", tool: "echo", arguments: { text: "hello" } };
const keyed = (key: string, more: Record<string, string> = {}) => ({ "idempotency-key": key, ...more });

test("[api.idempotency] the same key and request give the first job again, and another request is refused", async () => {
  const first = await client.post("/jobs", echo, keyed("a"));
  expect(first.status).toBe(202);
  const { id } = await jobOf(first);
  const again = await client.post("/jobs", { ...echo, arguments: { text: "hello" } }, keyed("a"));
  expect(again.status).toBe(200);
  expect(again.headers.get("location")).toBe(`/jobs/${id}`);
  expect((await jobOf(again)).id).toBe(id);

  const other = { ...echo, arguments: { text: "another" } };
  await expectProblem(await client.post("/jobs", other, keyed("a")), "idempotency_mismatch");
  expect((await client.post("/jobs", echo, keyed("b"))).status).toBe(202);
  expect((await client.post("/jobs", echo)).status).toBe(202);
  const bob = installation.api.client.as("a-secret-of-bob");
  expect((await bob.post("/jobs", other, keyed("a"))).status).toBe(202);
});

test("[api.idempotency.wait] a repeat is waited for and streamed like the first", async () => {
  const slow = { ...echo, tool: "wait", arguments: { ms: 300 } };
  const { id } = await jobOf(await client.post("/jobs", slow, keyed("slow")));
  const waited = await client.post("/jobs", slow, keyed("slow", { prefer: "wait=20" }));
  expect(waited.status).toBe(200);
  expect(await jobOf(waited)).toMatchObject({ id, status: "completed" });
  const ended = await client.post("/jobs", slow, keyed("slow", { prefer: "wait=20" }));
  expect(await jobOf(ended)).toMatchObject({ id, status: "completed" });
  const accept = keyed("slow", { accept: "text/event-stream" });
  await using stream = new EventStreamReader(await client.post("/jobs", slow, accept));
  expect((await stream.rest()).map(({ event }) => event)).toEqual([
    "job.queued",
    "job.started",
    "job.completed",
  ]);
  const long = { ...echo, tool: "wait", arguments: { ms: 20_000 } };
  const running = await jobOf(await client.post("/jobs", long, keyed("long")));
  const late = await client.post("/jobs", long, keyed("long", { prefer: "wait=0" }));
  expect(late.status).toBe(202);
  expect((await jobOf(late)).id).toBe(running.id);
  await client.post(`/jobs/${running.id}/cancel`, {});
});

test("[api.idempotency.wait] a repeat that was waited for in vain answers the job as it is by then", async () => {
  const job = { ...echo, tool: "wait", arguments: { ms: 20_000 }, delay_ms: 100 };
  const queued = await jobOf(await client.post("/jobs", job, keyed("by-then")));
  expect(queued.status).toBe("queued");
  const late = await client.post("/jobs", job, keyed("by-then", { prefer: "wait=3" }));
  expect(late.status).toBe(202);
  expect(await jobOf(late)).toMatchObject({ id: queued.id, status: "running" });
  await client.post(`/jobs/${queued.id}/cancel`, {});
});

test("[api.idempotency.routes] POST /chat and the execute route take the key too", async () => {
  const chat = { message: "hello", enable_mcp: false };
  const first = await jobOf(await client.post("/chat", chat, keyed("chat")));
  const again = await client.post("/chat", chat, keyed("chat"));
  expect(again.status).toBe(200);
  expect((await jobOf(again)).id).toBe(first.id);
  await using stream = new EventStreamReader(
    await client.post("/chat", { ...chat, stream: true }, keyed("chat")),
  );
  expect((await stream.rest()).at(-1)?.event).toBe("job.completed");

  const path = "/mcp/servers/fixture/tools/echo/execute";
  const call = { arguments: { text: "once" } };
  const answer = (await (await client.post(path, call, keyed("execute"))).json()) as { job_id: string };
  expect(await (await client.post(path, call, keyed("execute"))).json()).toEqual(answer);
  await expectProblem(
    await client.post(path, { arguments: { text: "twice" } }, keyed("execute")),
    "idempotency_mismatch",
  );
});

test("[api.idempotency.header] a key that is malformed or too long is refused", async () => {
  for (const key of ["", "two words", "x".repeat(256), "a, b"]) {
    await expectProblem(await client.post("/jobs", echo, keyed(key)), "invalid_header");
  }
  expect((await client.post("/jobs", echo, keyed("x".repeat(255)))).status).toBe(202);
});

test("[api.idempotency.refused] a refused request takes no key", async () => {
  const made = { type: "tool", server: "fixture", tool: "echo", arguments: { text: "x" } };
  const refused = { ...made, tool: "no-such-tool" };
  await expectProblem(await client.post("/jobs", refused, keyed("refused")), "unknown_tool");
  // A refused request has not taken the key.
  expect((await client.post("/jobs", made, keyed("refused"))).status).toBe(202);
});

test("[api.retry.empty] no body means the defaults, whatever the headers say of it", async () => {
  const bob = installation.api.client.as("a-secret-of-bob");
  const job = await bob.run({ ...echo, tool: "fail" });
  const path = `/jobs/${job.id}/retry`;
  const json = { "content-type": "application/json" };
  const chunked = { authorization: "Bearer a-secret-of-bob", "transfer-encoding": "chunked" };
  const ways = [
    () => bob.request(path, { method: "POST", headers: json }),
    () => bob.post(path, "", { "content-type": "application/x-www-form-urlencoded" }),
    () => rawRequest(client.url, path, { method: "POST", headers: chunked }),
    () => rawRequest(client.url, path, { method: "POST", headers: { ...chunked, ...json } }),
  ];
  for (const way of ways) {
    expect((await way()).status).toBe(202);
    await bob.get(`/jobs/${job.id}?wait=20`);
  }
});

test("[api.retry.filter] all that failed is retried, or what failed of a batch, but nothing by an empty filter", async () => {
  const owner = installation.api.client.as("a-secret-of-carol");
  const line = (tool: string) => JSON.stringify({ ...echo, tool });
  const ndjson = { "content-type": "application/x-ndjson" };
  const upload = {
    method: "POST",
    headers: ndjson,
    body: `${line("fail")}\n${line("echo")}\n${line("fail")}\n`,
  };
  const { id: batchId } = (await (await owner.request("/batches", upload)).json()) as Batch;
  await owner.until<Batch>(`/batches/${batchId}`, ({ status }) => status === "completed");
  const alone = await owner.run({ ...echo, tool: "fail" });
  const page = await owner.get(`/jobs?batch_id=${batchId}&status=failed`);
  const inBatch = ((await page.json()) as JobPage).jobs.map(({ id }) => id);
  expect(inBatch).toHaveLength(2);

  for (const empty of [{}, { from: "start" }, { limit: 10 }]) {
    const problem = await expectProblem(await owner.post("/jobs/retry", empty), "invalid_request");
    expect(problem.errors?.[0]?.message).toContain("batch_id");
  }
  const retried = async (filter: object, as = owner) => {
    const { job_ids } = (await (await as.post("/jobs/retry", filter)).json()) as BulkRetryResponse;
    for (const id of job_ids) await as.get(`/jobs/${id}?wait=20`);
    return job_ids;
  };
  expect(await retried({ batch_id: batchId })).toEqual(inBatch);
  expect(await retried({ batch_id: batchId }, client)).toEqual([]);
  expect(await retried({ batch_id: batchId, status: "cancelled" })).toEqual([]);
  expect(await retried({ status: "failed" })).toEqual([alone.id, ...inBatch]);
  expect((await jobOf(await owner.get(`/jobs/${alone.id}`))).attempt).toBe(2);
});

test("[api.retry] a failed job is queued again, by itself or in bulk, and others are refused", async () => {
  const job = await client.run({ ...echo, tool: "fail" });
  const retried = await client.request(`/jobs/${job.id}/retry`, { method: "POST" });
  expect(retried.status).toBe(202);
  expect(retried.headers.get("location")).toBe(`/jobs/${job.id}`);
  expect(await jobOf(retried)).toMatchObject({ id: job.id, attempt: 2, result: null, error: null });
  const ended = await jobOf(await client.get(`/jobs/${job.id}?wait=20`));
  expect(ended).toMatchObject({ status: "failed", attempt: 2, error: { code: "tool_error" } });
  expect((await client.post(`/jobs/${job.id}/retry`, { from: "start" })).status).toBe(202);
  await client.get(`/jobs/${job.id}?wait=20`);

  await using stream = await client.events(job.id);
  const types = (await stream.rest()).map(({ event }) => event);
  const attempt = ["job.reopened", "job.started", "job.failed"];
  expect(types).toEqual(["job.queued", "job.started", "job.failed", ...attempt, ...attempt]);

  const bulk = await client.post("/jobs/retry", { type: "tool", error_code: "tool_error" });
  expect(bulk.status).toBe(200);
  expect(await bulk.json()).toEqual({ job_ids: [job.id] });

  const done = await client.run(echo);
  await expectProblem(await client.post(`/jobs/${done.id}/retry`, {}), "not_retryable");
  await expectProblem(await client.post(`/jobs/${done.id}/retry`, { from: "middle" }), "invalid_request");
  await expectProblem(
    await client.post(`/jobs/${done.id}/retry`, "from=start", { "content-type": "text/plain" }),
    "unsupported_media_type",
  );
  const bob = installation.api.client.as("a-secret-of-bob");
  await expectProblem(await bob.post(`/jobs/${job.id}/retry`, {}), "job_not_found");
});
