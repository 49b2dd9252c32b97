import type { HttpBindings } from "@hono/node-server";
import { createMiddleware } from "hono/factory";

/** For an API whose answers are data: no browser shall guess their type, frame them, or run anything in them. */
export const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Sets the headers on Node's own response, where a route may still set others. (Hono's middleware changes each
 * finished web response, which then has to be made in full.)
 */
export const securityHeaders = createMiddleware<{ Bindings: HttpBindings }>(async (c, next) => {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.env.outgoing.setHeader(name, value);
  await next();
});
