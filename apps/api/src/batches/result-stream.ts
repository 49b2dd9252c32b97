import type { BatchResults } from "@millrace/job-store";
import type { Context } from "hono";
import { slicedStream } from "../http/sliced-stream.ts";

const HEADERS = {
  "content-type": "application/x-ndjson",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Results as NDJSON. They are read only as fast as the client takes them: a slow one costs one page. */
export function resultStream(c: Context, results: BatchResults, shutdown: AbortSignal): Response {
  // Nobody would read the stream that a HEAD request opens.
  if (c.req.method === "HEAD") return c.body(null, 200, HEADERS);
  const stream = slicedStream({
    async next() {
      // A stream that breaks off is told from one that ends: the client goes on with its cursor elsewhere.
      if (shutdown.aborted) throw new Error("The api is stopping");
      const page = await results.next();
      return page.length === 0 ? null : page.map((result) => `${JSON.stringify(result)}\n`).join("");
    },
  });
  return c.body(stream, 200, HEADERS);
}
