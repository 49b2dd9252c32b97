import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../http/problem.ts";
import type { KeyRing } from "./key-ring.ts";
import { normalHost } from "./normal-host.ts";

/** Whether a host name or address can only mean this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Without keys, whoever reaches the port may use it, so only this machine's own programs may reach it. A page in
 * a browser can, by a name that resolves to 127.0.0.1 (DNS rebinding) or by a plain cross-site request; it cannot
 * choose the `Host` and `Origin` that the browser sends.
 */
export function loopbackOnly(keyRing: Pick<KeyRing, "isEmpty">) {
  return createMiddleware(async (c, next) => {
    if (keyRing.isEmpty) refuseOthers(c);
    await next();
  });
}

function refuseOthers(c: Context): void {
  if (!isLoopback(withoutPort(normalHost(c.req.header("host") ?? "")))) {
    throw new ProblemError("host_not_allowed", {
      detail:
        "Without API keys only requests to localhost or 127.0.0.1 are served. Use that name, or set API_KEYS.",
    });
  }
  const origin = c.req.header("origin");
  if (origin !== undefined && !isLoopback(URL.parse(origin)?.hostname ?? "")) {
    throw new ProblemError("host_not_allowed", {
      detail: "Without API keys only pages from localhost may call the api. Set API_KEYS to serve others.",
    });
  }
}

function withoutPort(host: string): string {
  return host.replace(/:\d{1,5}$/, "");
}
