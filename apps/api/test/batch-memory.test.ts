import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, inject, test } from "vitest";
import { batchOf, echoLine, untilBatchEnds } from "../../../test/support/batches.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation } from "../../../test/support/installation.ts";
import { KeysFile, secretOf } from "../../../test/support/keys-file.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const LINES = FULL ? 1_000_000 : 5_000;
const WARM_UP_LINES = FULL ? 20_000 : 2_000;
/** What a heap that does not grow still varies by. A tenth of a KiB left behind by each line is more. */
const GROWTH_BYTES_MAX = (FULL ? 40 : 0.5) * 1_024 * 1_024;
/** What a line leaves behind grows in every round; what happens once beside it, such as a late compilation, does not. */
const ROUNDS_MAX = 3;
/** The whole of the body is never anywhere, whatever its size. */
const LARGE_LINE_BYTES = 20 * 1_024 * 1_024;
const MEBIBYTE = 1_024 * 1_024;

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/**
 * The first one may end a collection that had begun before something died, and buffers are freed beside the program;
 * what the second one finds is freed when the third one begins.
 */
function collectGarbage(): void {
  for (let times = 0; times < 3; times += 1) gc();
}

/** Live memory of this process, which is api and client in one. */
function liveBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function bufferedBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** A body of so many lines, one in a hundred of them bad, that is made as it is sent. */
async function* body(count: number): AsyncGenerator<Uint8Array> {
  const text = new TextEncoder();
  for (let line = 1; line <= count; line += 500) {
    const lines = Array.from({ length: Math.min(500, count - line + 1) }, (_, index) =>
      index % 100 === 0 ? "bad" : echoLine(`${line + index}`),
    );
    yield text.encode(`${lines.join("\n")}\n`);
  }
}

async function upload(client: HttpClient, lines: AsyncIterable<Uint8Array>): Promise<Response> {
  const headers = { "content-type": "application/x-ndjson" };
  const init = { method: "POST", headers, body: ReadableStream.from(lines), duplex: "half" as const };
  return await client.request("/batches", init);
}

test(
  "[api.batch.memory] the api's memory does not grow with the lines of a batch",
  async () => {
    await using keysFile = await KeysFile.create({ large: { limits: { max_queued: 4_000_000 } } });
    await using installation = await startInstallation({
      redisUrl: inject("redisUrl"),
      api: { API_KEYS_FILE: keysFile.path, LOG_LEVEL: "warn" },
    });
    const client = installation.api.client.as(secretOf("large"));
    await batchOf(await upload(client, body(WARM_UP_LINES)));
    let growth = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS_MAX && growth >= GROWTH_BYTES_MAX; round += 1) {
      const before = liveBytes();
      const batch = await batchOf(await upload(client, body(LINES)));
      growth = liveBytes() - before;
      expect(batch).toMatchObject({ lines: LINES, accepted: LINES * 0.99, rejected: LINES * 0.01 });
    }
    expect(growth, `${Math.round(growth / 1_024)} KiB over ${LINES} lines`).toBeLessThan(GROWTH_BYTES_MAX);
  },
  FULL ? 3_600_000 : 180_000,
);

test("[api.batch.memory.body] what has been read of a body is not kept until its end", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  let [before, last] = [0, 0];
  async function* blankLines(): AsyncGenerator<Uint8Array> {
    const line = Buffer.alloc(MEBIBYTE, " ");
    line.write("\n", MEBIBYTE - 1);
    before = bufferedBytes();
    for (let count = 0; count < 64; count += 1) yield Buffer.from(line);
    last = bufferedBytes();
  }
  const sent = request(`${installation.api.client.url}/batches`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
  });
  // A refusal comes before all has been sent, and would be hidden behind the connection that is closed after it.
  const expectAnswer = async (): Promise<void> => {
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(await json(response)).toMatchObject({ accepted: 0, rejected: 0 });
  };
  await Promise.all([expectAnswer(), pipeline(blankLines(), sent)]);
  expect(last - before).toBeLessThan(16 * MEBIBYTE);
});

test("[api.batch.large_line] a line of 20 MB is rejected without being kept, and harms no other", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  const { client } = installation.api;
  async function* large(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${echoLine("before")}\n`);
    for (let sent = 0; sent < LARGE_LINE_BYTES; sent += 1_024 * 1_024) yield Buffer.alloc(1_024 * 1_024, "x");
    yield Buffer.from(`\n${echoLine("after")}\n`);
  }
  const batch = await batchOf(await upload(client, large()));
  expect(batch).toMatchObject({ lines: 3, accepted: 2, rejections: [{ line: 2, code: "line_too_large" }] });
  await client.post(`/batches/${batch.id}/cancel`, {});
  expect(await untilBatchEnds(client, batch.id)).toMatchObject({
    status: "cancelled",
    counts: { cancelled: 2 },
  });
});
