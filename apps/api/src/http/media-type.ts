import type { Context } from "hono";

/** The type that `Content-Type` names, in lower case and without parameters; undefined when there is none. */
export function mediaType(c: Context): string | undefined {
  return c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
}
