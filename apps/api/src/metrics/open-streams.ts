import type { HttpBindings } from "@hono/node-server";
import { createMiddleware } from "hono/factory";

/** Counts the event streams that clients have open on this api. */
export class OpenStreams {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Whatever a route streams, until its connection has closed. */
  readonly middleware = createMiddleware<{ Bindings: HttpBindings }>(async (c, next) => {
    await next();
    const isStream = c.res.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    const { outgoing } = c.env;
    // A HEAD request has the type of a stream, and none of its body.
    if (!isStream || c.req.method === "HEAD" || outgoing.destroyed) return;
    this.#count += 1;
    outgoing.once("close", () => {
      this.#count -= 1;
    });
  });
}
