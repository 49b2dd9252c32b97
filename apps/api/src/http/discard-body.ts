import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { createMiddleware } from "hono/factory";

/** How much of a refused body is read, in bytes: twice the largest MAX_BODY_BYTES. */
const DISCARDED_BYTES_MAX = 256 * 1_024 * 1_024;
/** How long a refused body is read, in milliseconds. */
const DISCARDING_MS = 30_000;
/** A refused body is given up when nothing has come of it for this long, in milliseconds. */
const SILENCE_MS = 5_000;

/**
 * A request that is refused before its body has been read is answered at once, and the rest of the body is read, without
 * being kept, before the answer ends. A connection that is closed while the client still sends is reset, and clients that send all before
 * they read would never see the answer (RFC 9112, section 9.6).
 */
export function discardUnreadBody(shutdown: AbortSignal) {
  return createMiddleware<{ Bindings: HttpBindings }>(async (c, next) => {
    await next();
    const { incoming } = c.env;
    if (incoming.complete || incoming.destroyed || c.res.status < 400 || c.res.body === null) return;
    const answer = new Uint8Array(await c.res.arrayBuffer());
    const parts = async function* () {
      yield answer;
      await discardRest(incoming, shutdown);
    };
    const { status, headers } = c.res;
    // With its length, a client knows that it has all of the answer.
    headers.set("content-length", String(answer.length));
    c.res = new Response(ReadableStream.from(parts()), { status, headers });
  });
}

/** Resolves when the body has ended, the client has gone, or it was enough. */
async function discardRest(incoming: IncomingMessage, shutdown: AbortSignal): Promise<void> {
  if (incoming.complete || incoming.destroyed || shutdown.aborted) return;
  const done = Promise.withResolvers<void>();
  const stop = (): void => {
    incoming.pause();
    done.resolve();
  };
  const deadline = setTimeout(stop, DISCARDING_MS);
  const silence = setTimeout(stop, SILENCE_MS);
  let discarded = 0;
  const count = ({ length }: Buffer): void => {
    discarded += length;
    silence.refresh();
    if (discarded > DISCARDED_BYTES_MAX) stop();
  };
  shutdown.addEventListener("abort", stop, { once: true });
  // Who has read the beginning would keep the rest, and slow it down.
  incoming.removeAllListeners("data").removeAllListeners("readable");
  incoming.on("data", count).once("end", stop).once("close", stop).resume();
  await done.promise;
  incoming.off("data", count).off("end", stop).off("close", stop);
  shutdown.removeEventListener("abort", stop);
  clearTimeout(deadline);
  clearTimeout(silence);
}
