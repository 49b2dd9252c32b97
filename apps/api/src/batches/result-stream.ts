import type { BatchResults } from "@millrace/job-store";
import type { Context } from "hono";

/** A client that takes nothing for this long is dropped; it comes back with its cursor. In milliseconds. */
const STUCK_AFTER_MS = 60_000;

const HEADERS = {
  "content-type": "application/x-ndjson",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Results as NDJSON. They are read only as fast as the client takes them: a slow one costs one page. */
export function resultStream(c: Context, results: BatchResults, shutdown: AbortSignal): Response {
  // Nobody would read the stream that a HEAD request opens.
  if (c.req.method === "HEAD") return c.body(null, 200, HEADERS);
  const encoder = new TextEncoder();
  let stuck: NodeJS.Timeout | undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stuck);
        // A stream that breaks off is told from one that ends: the client goes on with its cursor elsewhere.
        if (shutdown.aborted) throw new Error("The api is stopping");
        const page = await results.next();
        if (page.length === 0) return controller.close();
        controller.enqueue(encoder.encode(page.map((result) => `${JSON.stringify(result)}\n`).join("")));
        stuck = setTimeout(() => controller.error(new Error("The client takes nothing")), STUCK_AFTER_MS);
      },
      cancel() {
        clearTimeout(stuck);
      },
    },
    { highWaterMark: 1 },
  );
  return c.body(stream, 200, HEADERS);
}
