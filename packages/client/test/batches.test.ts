import { startTcpProxy, type TcpProxy } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { createClient, type BatchLineInput, type MillraceClient } from "../src/index.ts";
import { collect } from "./support/collect.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Lines of a batch that breaks: more than one piece of its upload. */
const LONG = process.env["MILLRACE_TEST_SIZE"] === "full" ? 6_000 : 600;

let installation: Installation;
/** Through a network that can be cut. */
let proxy: TcpProxy;
let client: MillraceClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  await installation.api.client.untilConnected(1);
  proxy = await startTcpProxy({ host: "127.0.0.1", port: installation.api.port });
  client = createClient({ url: `http://127.0.0.1:${proxy.port}` });
});
afterAll(async () => {
  await proxy.close();
  await installation.close();
});

function line(index: number, text = `text ${index}`): BatchLineInput {
  return { type: "tool", tool: "echo", arguments: { text }, custom_id: `line-${index}` };
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `line-${index}`);

test("[client.batches] a list makes a batch, whose results come in the order that is asked for", async () => {
  const batch = await client.batches.create(
    Array.from({ length: 30 }, (_, index) => line(index)),
    { concurrency: 5 },
  );
  expect(batch).toMatchObject({ accepted: 30, rejected: 0, options: { concurrency: 5 } });
  const results = await collect(client.batches.results(batch.id, { order: "input" }));
  expect(results.map(({ custom_id }) => custom_id)).toEqual(names(30));
  expect(results.every(({ status }) => status === "completed")).toBe(true);
  const rest = await collect(
    client.batches.results(batch.id, { order: "input", cursor: results[19]?.cursor }),
  );
  expect(rest).toEqual(results.slice(20));
  expect(await client.batches.wait(batch.id)).toMatchObject({
    status: "completed",
    counts: { completed: 30 },
  });
  for await (const { id } of client.batches.list()) {
    expect(id).toBe(batch.id);
    break;
  }
});

test("[client.batches.source] a generator, a function and NDJSON make one too; a bad line is told", async () => {
  async function* generate() {
    for (let index = 0; index < 3; index += 1) yield line(index);
  }
  expect((await client.batches.create(generate())).accepted).toBe(3);
  expect((await client.batches.create(() => generate())).accepted).toBe(3);
  const ndjson = new Blob([`${JSON.stringify(line(0))}\n{"type":"tool"\n`]);
  const batch = await client.batches.upload(ndjson);
  expect(batch).toMatchObject({ accepted: 1, rejected: 1, rejections: [{ line: 2 }] });
  async function* broken() {
    yield line(0);
    throw new Error("the source is broken");
  }
  await expect(client.batches.create(broken())).rejects.toThrow("the source is broken");
});

test("[client.batches.slow] a line is sent while its source waits for the next, and an abort stops the source", async () => {
  const given: number[] = [];
  const stopped = new AbortController();
  const closed = Promise.withResolvers<void>();
  async function* generate() {
    try {
      for (const index of [0, 1, 2, 3]) {
        given.push(index);
        yield line(index);
        if (index === 0) await vi.waitFor(untilAccepted, { timeout: 20_000 });
        if (index === 1) stopped.abort(new Error("enough"));
      }
    } finally {
      closed.resolve();
    }
  }
  async function untilAccepted() {
    for await (const batch of client.batches.list()) {
      expect(batch).toMatchObject({ upload: "receiving", accepted: 1 });
      break;
    }
  }
  await expect(client.batches.create(generate(), { signal: stopped.signal })).rejects.toThrow("enough");
  await closed.promise;
  expect(given).toEqual([0, 1, 2]);
});

test("[client.batches.abort] an abort stops a stream that is the source, also while it waits for its next line", async () => {
  const stopped = new AbortController();
  const closed = Promise.withResolvers<unknown>();
  const source = new ReadableStream<BatchLineInput>(
    {
      start: (controller) => controller.enqueue(line(0)),
      pull: () => {
        stopped.abort(new Error("enough"));
        return new Promise(() => {});
      },
      cancel: closed.resolve,
    },
    { highWaterMark: 0 },
  );
  const created = client.batches.create(source, { signal: stopped.signal });
  await expect(created).rejects.toThrow("enough");
  await closed.promise;
});

test("[client.batches.resume] an upload that breaks is made again, and no job is made twice", async () => {
  const tries: number[] = [];
  async function* generate() {
    tries.push(0);
    for (let index = 0; index < LONG; index += 1) {
      if (tries.length === 1 && index === LONG - 100) proxy.cut();
      // Large enough that what is cut off is under way.
      yield line(index, "x".repeat(200));
    }
  }
  const batch = await client.batches.create(generate);
  expect(tries.length).toBeGreaterThan(1);
  expect(batch).toMatchObject({ accepted: LONG, rejected: 0 });
  const seen: string[] = [];
  for await (const { custom_id } of client.batches.results(batch.id)) {
    if (seen.push(String(custom_id)) % (LONG / 3) === 0) proxy.cut();
  }
  expect(seen.toSorted()).toEqual(names(LONG).toSorted());
});

test("[client.batches.resume] a generator cannot be read again: the same key goes on with the batch", async () => {
  async function* generate(cutAt: number) {
    for (let index = 0; index < LONG; index += 1) {
      if (index === cutAt) proxy.cut();
      yield line(index, "x".repeat(200));
    }
  }
  const options = { idempotencyKey: "half-way" };
  await expect(client.batches.create(generate(LONG - 100), options)).rejects.toMatchObject({
    name: "MillraceConnectionError",
  });
  const batch = await client.batches.create(generate(-1), options);
  expect(batch).toMatchObject({ accepted: LONG, rejected: 0 });
  expect((await client.batches.create(generate(-1), options)).id).toBe(batch.id);
  expect((await client.batches.wait(batch.id)).counts.completed).toBe(LONG);
});

test("[client.batches.cancel] a batch is cancelled, and its events end with that", async () => {
  const request = { type: "tool", tool: "wait", arguments: { ms: 60_000 } } as const;
  const batch = await client.batches.create([request, request], { concurrency: 1 });
  await client.batches.cancel(batch.id);
  const events = await collect(client.batches.events(batch.id));
  expect(events.at(-1)).toMatchObject({ type: "batch.cancelled", batch: { counts: { cancelled: 2 } } });
  await expect(client.batches.get("batch_none")).rejects.toMatchObject({ code: "batch_not_found" });
});
