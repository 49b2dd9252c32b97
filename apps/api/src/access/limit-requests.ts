import type { JobStore } from "@millrace/job-store";
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../http/problem.ts";
import type { AccessEnvironment } from "./principal.ts";

/** Refuses what is more than the key's requests per second, over all apis: 429. Keys without a limit cost nothing. */
export function limitRequests({ requestRates }: JobStore) {
  return createMiddleware<AccessEnvironment>(async (c, next) => {
    const { name, limits } = c.get("principal").key;
    const { requests_per_second: perSecond } = limits;
    const waitMs = perSecond === undefined ? 0 : await requestRates.take(name, perSecond);
    if (waitMs > 0) {
      throw new ProblemError("rate_limited", {
        detail: `The key "${name}" may make ${perSecond} requests per second. Send fewer, or raise its requests_per_second.`,
        headers: { "retry-after": String(Math.ceil(waitMs / 1_000)) },
      });
    }
    await next();
  });
}
