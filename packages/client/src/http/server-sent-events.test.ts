import { expect, test } from "vitest";
import { collect } from "../../test/support/collect.ts";
import { readFrames, readLines } from "./server-sent-events.ts";

/** A body that comes in pieces of so many bytes. */
function bodyOf(text: string, size: number, onCancel = () => {}): ReadableStream<Uint8Array> {
  let rest = new TextEncoder().encode(text);
  return new ReadableStream({
    pull(controller) {
      if (rest.length === 0) controller.close();
      else controller.enqueue(rest.subarray(0, size));
      rest = rest.subarray(size);
    },
    cancel: onCancel,
  });
}

const STREAM = `retry: 1000

id: 1
event: job.queued
data: {"text":"ünï"}

: keep-alive

id:2\r
event:text.delta\r
data:one\r
data: two\r
\r
id: 3
event: cut.off
data: lost`;

test.for([1, 2, 3, 7, 1_000])(
  "[client.events.frames] frames are read whatever pieces of %i bytes they come in",
  async (size) => {
    expect(await collect(readFrames(bodyOf(STREAM, size)))).toEqual([
      { id: "1", event: "job.queued", data: '{"text":"ünï"}' },
      { id: "2", event: "text.delta", data: "one\ntwo" },
    ]);
  },
);

test("[client.events.frames] a reader that leaves hangs up", async () => {
  let isCancelled = false;
  for await (const line of readLines(bodyOf("a\nb\nc\n", 2, () => (isCancelled = true)))) {
    expect(line).toBe("a");
    break;
  }
  expect(isCancelled).toBe(true);
});

test("[client.events.silence] a connection that is silent for too long counts as broken", async () => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("one\n")),
  });
  const lines = readLines(body, 20);
  expect(await lines.next()).toMatchObject({ value: "one" });
  await expect(lines.next()).rejects.toThrow("nothing came for 20 ms");
});
