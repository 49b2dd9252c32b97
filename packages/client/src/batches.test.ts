import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { collect } from "../test/support/collect.ts";
import { createClient } from "./index.ts";

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** More tries than a request has that gets nowhere. */
const TRIES = 9;

const PIECE = new TextEncoder().encode(`${"x".repeat(1_000)}\n`);

/** An api whose connections break after a minute each, the later the more they have brought; and how often it was asked. */
function breakingApi(pieceCount: (attempt: number) => number) {
  let attempt = 0;
  const api = {
    attempts: () => attempt,
    fetch: async (_url: unknown, init: RequestInit = {}): Promise<Response> => {
      attempt += 1;
      if (attempt === TRIES) return Response.json({ id: "batch_1", accepted: 1 });
      const reader: ReadableStreamDefaultReader<Uint8Array> = (
        init.body as ReadableStream<Uint8Array>
      ).getReader();
      for (let piece = 0; piece < pieceCount(attempt); piece += 1) await reader.read();
      vi.advanceTimersByTime(60_000);
      throw new TypeError("fetch failed");
    },
  };
  return api;
}

/** What becomes of an upload of many pieces. */
async function upload(fetch: typeof globalThis.fetch): Promise<unknown> {
  const ndjson = new Blob([]);
  // A blob's own stream comes in larger pieces.
  ndjson.stream = () => ReadableStream.from(Array.from({ length: 100 }, () => PIECE));
  const uploading = createClient({ url: "http://api", fetch }).batches.upload(ndjson);
  const settled = uploading.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return await settled;
}

test("[client.batches.long] an upload is made again as long as each try brings more, however long it lasts", async () => {
  const api = breakingApi((attempt) => attempt);
  expect(await upload(api.fetch)).toMatchObject({ id: "batch_1" });
  expect(api.attempts()).toBe(TRIES);
});

test("[client.batches.long] an upload that comes no further is given up", async () => {
  const api = breakingApi(() => 1);
  expect(await upload(api.fetch)).toMatchObject({ name: "MillraceConnectionError" });
  expect(api.attempts()).toBeLessThan(TRIES);
});

test("[client.batches.silence] results on a connection that has died are asked for again", async () => {
  const asked: (string | null)[] = [];
  async function fetch(url: unknown): Promise<Response> {
    const { pathname, searchParams } = new URL(String(url));
    if (pathname.endsWith("/events")) return new Response('data: {"id":1,"type":"batch.completed"}\n\n');
    const cursor = searchParams.get("cursor");
    asked.push(cursor);
    if (cursor !== null) return new Response('{"cursor":"2"}\n');
    const dead = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"cursor":"1"}\n')),
    });
    return new Response(dead);
  }
  const results = collect(createClient({ url: "http://api", fetch }).batches.results("batch_1"));
  await vi.runAllTimersAsync();
  expect(await results).toEqual([{ cursor: "1" }, { cursor: "2" }]);
  expect(asked).toEqual([null, "1"]);
});
