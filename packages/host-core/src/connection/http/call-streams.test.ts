import { expect, test } from "vitest";
import { CallStreams } from "./call-streams.ts";

const url = "http://127.0.0.1/mcp";
const request = { method: "POST", body: '{"jsonrpc":"2.0","method":"ping","params":{},"id":5}' };
const headers = { "content-type": "application/json" };

test.each([200, 204, 205])(
  "[host.http.no_body] a response with status %d and without a body is passed on as it is",
  async (status) => {
    const streams = new CallStreams();
    const fetch = streams.watch(async () => new Response(null, { status, headers }));
    const response = await fetch(url, request);
    expect(response).toMatchObject({ status, body: null });
    expect(streams.areOpen).toBe(false);
  },
);

test("[host.http.accepted] a request that is only accepted is waited for where its answer may come on another stream", async () => {
  const streams = new CallStreams();
  const eventStream = () =>
    new Response(new ReadableStream(), { headers: { "content-type": "text/event-stream" } });
  const fetch = streams.watch(async (_url, init) =>
    init?.method === "GET" ? eventStream() : new Response(null, { status: 202, headers }),
  );
  const unanswerable = await fetch(url, request);
  expect(await unanswerable.text()).toMatch(/HTTP status 202.*\\"transport_type\\" to \\"sse\\"/);
  await fetch(url, { method: "GET" });
  expect(await fetch(url, request)).toMatchObject({ status: 202, body: null });
  expect(streams.areOpen).toBe(false);
});

test("[host.http.no_body] a response with a body is read whole", async () => {
  const answer = { jsonrpc: "2.0", id: 5, result: {} };
  const fetch = new CallStreams().watch(async () => new Response(JSON.stringify(answer), { headers }));
  expect(await (await fetch(url, request)).json()).toEqual([answer]);
});

test("[host.http.answered] an answer that comes together with the end of its stream is read before that", async () => {
  const streams = new CallStreams();
  const answer = 'id: 7\ndata: {"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"no"}}\n\n';
  const type = { "content-type": "text/event-stream" };
  const fetch = streams.watch(async () => new Response(answer, { headers: type }));
  const { body } = await fetch(url, request);
  const read: string[] = [];
  // As the SDK reads it: through two transformations.
  const texts = body!.pipeThrough(new TextDecoderStream()).pipeThrough(new TransformStream<string, string>());
  for await (const text of texts) {
    read.push(text);
    if (text.includes('"error"')) streams.answered(5);
  }
  expect(read).toEqual([answer, expect.stringContaining('"millrace/ended":true')]);
  expect(streams.areOpen).toBe(false);
});

test("[host.http.cancelled] the stream of a request that is cancelled ends with that, and nobody comes back for more", async () => {
  const streams = new CallStreams();
  const event = new TextEncoder().encode("id: 7\ndata: {}\n\n");
  const fetch = streams.watch(async (_url, init) => {
    const start = (stream: ReadableStreamDefaultController) => {
      stream.enqueue(event);
      init?.signal?.addEventListener("abort", () => stream.error(init.signal?.reason));
    };
    return new Response(new ReadableStream({ start }), { headers: { "content-type": "text/event-stream" } });
  });
  const controller = new AbortController();
  const { body } = await fetch(url, { ...request, signal: controller.signal });
  const reader = body!.getReader();
  expect((await reader.read()).value).toEqual(event);
  controller.abort(new Error("cancelled"));
  await expect(reader.read()).rejects.toThrow("cancelled");
  expect(streams.areOpen).toBe(false);
});
