import { randomUUID } from "node:crypto";
import type { Batch, JobPage } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  batchOf,
  batchOfProblem,
  batchResults,
  echoLine,
  echoLines,
  newestBatch,
  openUpload,
  sendBatch,
  untilBatch,
  untilBatchEnds,
} from "../../../test/support/batches.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { KeysFile, secretOf } from "../../../test/support/keys-file.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const COUNT = FULL ? 20_000 : 600;
const TIMEOUT_MS = FULL ? 300_000 : 120_000;

let installation: Installation;
let client: HttpClient;
let keysFile: KeysFile;

beforeAll(async () => {
  keysFile = await KeysFile.create({ narrow: { limits: { max_queued: 8 } } });
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { API_KEYS: "alice:a-secret-of-alice", API_KEYS_FILE: keysFile.path },
  });
  client = installation.api.client.as("a-secret-of-alice");
  await client.untilConnected(1);
});
afterAll(async () => {
  await installation.close();
  await keysFile[Symbol.asyncDispose]();
});

const keyed = () => ({
  headers: { "idempotency-key": randomUUID(), authorization: "Bearer a-secret-of-alice" },
});

/** How many jobs there are of each batch. */
async function jobCount(batchId: string): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: JobPage = await client.read(
      `/jobs?batch_id=${batchId}&limit=200${cursor ? `&cursor=${cursor}` : ""}`,
    );
    count += page.jobs.length;
    cursor = page.next_cursor;
  } while (cursor !== null);
  return count;
}

test(
  "[api.batch.resume] an upload that breaks off goes on when the same file comes again, and nothing runs twice",
  async () => {
    const lines = echoLines(COUNT);
    const options = keyed();
    const before = await newestBatchId();
    const upload = openUpload(client, options);
    await upload.write(`${lines.slice(0, COUNT / 2).join("\n")}\n${lines[COUNT / 2]?.slice(0, 20)}`);
    const id = await newestBatch(client, before);
    await untilBatch(client, id, { accepted: COUNT / 2, upload: "receiving" });
    upload.drop();
    await untilBatch(client, id, { upload: "cut", status: "completed", accepted: COUNT / 2, rejected: 0 });

    const again = await batchOf(await sendBatch(client, lines, options), 200);
    expect(again).toMatchObject({ id, upload: "complete", accepted: COUNT, rejected: 0 });
    const ended = await untilBatchEnds(client, id);
    expect(ended).toMatchObject({ status: "completed", counts: { completed: COUNT } });
    expect(await jobCount(id)).toBe(COUNT);
    const results = await batchResults(client, id, "?order=input");
    expect(results.map(({ line }) => line)).toEqual(lines.map((_, index) => index + 1));
  },
  TIMEOUT_MS,
);

test("[api.batch.repeat] the same file sent again is the same batch, and a line that differs is rejected", async () => {
  const lines = [...echoLines(40), "bad"];
  const options = keyed();
  const first = await batchOf(await sendBatch(client, lines, options));
  expect(first).toMatchObject({ accepted: 40, rejected: 1 });
  await untilBatchEnds(client, first.id);
  const same = await batchOf(await sendBatch(client, lines, options), 200);
  expect(same).toMatchObject({ id: first.id, accepted: 40, rejected: 1, counts: { completed: 40 } });

  const changed = lines.with(4, echoLine("another")).with(40, echoLine("good")).concat(echoLine("one more"));
  const third = await batchOf(await sendBatch(client, changed, options), 200);
  expect(third).toMatchObject({ id: first.id, accepted: 42, rejected: 1 });
  expect(third.rejections).toMatchObject([{ line: 5, code: "idempotency_mismatch" }]);
  const ended = await untilBatchEnds(client, first.id);
  expect(ended.counts).toEqual({ pending: 0, completed: 42, failed: 0, cancelled: 0 });
  const back = await batchOf(await sendBatch(client, changed.with(4, lines[4] ?? ""), options), 200);
  expect(back).toMatchObject({ accepted: 42, rejected: 0, rejections: [] });
  expect(await jobCount(first.id)).toBe(42);

  const others = { ...options, query: "?priority=1" };
  await expectProblem(await sendBatch(client, lines, others), "idempotency_mismatch");
  const job = JSON.parse(echoLine("a")) as object;
  expect((await client.post("/jobs", job, options.headers)).status).toBe(202);
});

test("[api.batch.two_uploads] of two uploads of one batch the newer one goes on, and nothing runs twice", async () => {
  const lines = echoLines(60);
  const options = keyed();
  const before = await newestBatchId();
  const older = openUpload(client, options);
  await older.write(`${lines.slice(0, 30).join("\n")}\n`);
  const id = await newestBatch(client, before);
  await untilBatch(client, id, { accepted: 30 });
  const newer = await batchOf(await sendBatch(client, lines, options), 200);
  expect(newer).toMatchObject({ id, accepted: 60, upload: "complete" });
  await older.write(`${lines.slice(30).join("\n")}\n`);
  expect(await older.end()).toBe(409);
  const ended = await untilBatchEnds(client, id);
  expect(ended).toMatchObject({ upload: "complete", counts: { completed: 60 } });
  expect(await jobCount(id)).toBe(60);
});

test("[api.batch.cut] an upload without a key that breaks off leaves a batch that ends with what it got", async () => {
  const before = await newestBatchId();
  const upload = openUpload(client, { headers: { authorization: "Bearer a-secret-of-alice" } });
  await upload.write(`${echoLines(3).join("\n")}\n{"type`);
  const id = await newestBatch(client, before);
  await untilBatch(client, id, { accepted: 3 });
  upload.drop();
  await untilBatch(client, id, { upload: "cut", status: "completed", counts: { completed: 3 } });
});

test("[api.batch.cancel] a cancel at half ends the upload and all jobs that have not ended", async () => {
  const options = keyed();
  const lines = Array.from({ length: 400 }, (_, index) =>
    index < 10 ? echoLine(`${index}`) : echoLine("", { tool: "wait", arguments: { ms: 60_000 } }),
  );
  const before = await newestBatchId();
  const upload = openUpload(client, options);
  await upload.write(`${lines.join("\n")}\n`);
  const id = await newestBatch(client, before);
  await untilBatch(client, id, { accepted: 400, counts: { completed: 10 } });
  expect((await client.post(`/batches/${id}/cancel`, {})).status).toBe(202);
  await upload.write(`${echoLine("late")}\n`);
  expect(await upload.end()).toBe(409);
  const ended = await untilBatchEnds(client, id);
  expect(ended).toMatchObject({
    status: "cancelled",
    upload: "cut",
    cancel_requested: true,
    counts: { pending: 0, completed: 10, failed: 0, cancelled: 390 },
  });
  expect((await client.post(`/batches/${id}/cancel`, {})).status).toBe(200);
  await expectProblem(await sendBatch(client, lines, options), "batch_cancelled");
  const cancelled = (await batchResults(client, id)).filter(({ status }) => status === "cancelled");
  expect(cancelled).toHaveLength(390);
});

test("[api.batch.cap] at the key's cap an upload waits for room", async () => {
  const narrow = client.as(secretOf("narrow"));
  const lines = Array.from({ length: 40 }, () => echoLine("", { tool: "wait", arguments: { ms: 20 } }));
  const batch = await batchOf(await sendBatch(narrow, lines));
  expect(batch).toMatchObject({ accepted: 40, rejected: 0 });
  expect((await untilBatchEnds(narrow, batch.id)).counts.completed).toBe(40);
});

test.runIf(FULL)(
  "[api.batch.cap] after a minute at the cap it answers 429 with what it has",
  { timeout: 120_000 },
  async () => {
    const narrow = client.as(secretOf("narrow"));
    const lines = Array.from({ length: 40 }, () => echoLine("", { delay_ms: 3_600_000 }));
    const response = await sendBatch(narrow, lines);
    expect(response.headers.get("retry-after")).toBe("60");
    const { id, accepted } = await batchOfProblem(response, "too_many_jobs");
    expect(accepted).toBe(8);
    await narrow.post(`/batches/${id}/cancel`, {});
    expect(await untilBatchEnds(narrow, id)).toMatchObject({ status: "cancelled", accepted: 8 });
  },
);

async function newestBatchId(): Promise<string | null> {
  const { batches } = await client.read<{ batches: Batch[] }>("/batches?limit=1");
  return batches[0]?.id ?? null;
}
