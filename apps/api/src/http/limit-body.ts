import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { ProblemError } from "./problem.ts";

/**
 * Refuses bodies of more than `maxBytes`. A length that the client names is judged as it stands, since the HTTP
 * parser reads no more than that; only a body of unknown length has to be counted while it comes.
 */
export function limitBody(maxBytes: number) {
  const refuse = (): never => {
    throw new ProblemError("body_too_large", {
      detail: `Send at most ${maxBytes} bytes, or raise MAX_BODY_BYTES.`,
    });
  };
  const counted = bodyLimit({ maxSize: maxBytes, onError: refuse });
  return createMiddleware(async (c, next) => {
    if (c.req.header("transfer-encoding") !== undefined) return await counted(c, next);
    if (Number(c.req.header("content-length") ?? 0) > maxBytes) refuse();
    return await next();
  });
}
