import { expect, test } from "vitest";
import { NoStreamError, streamingFetch } from "./no-stream-error.ts";

const PAGE_PIECES = 1_000;

test("[model.answers.no_stream] of a page that comes in place of a stream only the beginning is read", async () => {
  let read = 0;
  let isCancelled = false;
  const page = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      read += 1;
      if (read > PAGE_PIECES) controller.close();
      else controller.enqueue(Buffer.from("<p>Log in</p>".padEnd(1_024)));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const headers = { "content-type": "text/html; charset=utf-8" };
  const fetch = streamingFetch(() => Promise.resolve(new Response(page, { headers })));
  await expect(fetch("http://model.test")).rejects.toBeInstanceOf(NoStreamError);
  expect(isCancelled).toBe(true);
  expect(read).toBeLessThan(20);
});
