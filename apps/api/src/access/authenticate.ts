import { createMiddleware } from "hono/factory";
import { ProblemError } from "../http/problem.ts";
import { findKey, type ApiKey } from "./api-keys.ts";

/** Who is asking. The tenant sees only the jobs that it submitted. */
interface Principal {
  tenant: string;
}

/** What the middleware puts into the context of every guarded route. */
export interface AccessEnvironment {
  Variables: { principal: Principal };
}

/** The tenant of a server without keys, which serves this machine alone. */
const LOCAL: Principal = { tenant: "local" };

/** Finds out who is asking; 401 when keys are configured and none of them is presented. */
export function authenticate(keys: readonly ApiKey[]) {
  return createMiddleware<AccessEnvironment>(async (c, next) => {
    c.set("principal", keys.length === 0 ? LOCAL : { tenant: tenantOf(keys, c.req.header("authorization")) });
    await next();
  });
}

function tenantOf(keys: readonly ApiKey[], authorization: string | undefined): string {
  const secret = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  const tenant = secret === undefined ? null : findKey(keys, secret);
  if (tenant === null) {
    throw new ProblemError("unauthorized", {
      detail:
        authorization === undefined
          ? "Send the header `Authorization: Bearer KEY` with one of the keys in API_KEYS."
          : "This key is not one of API_KEYS. Send `Authorization: Bearer KEY` with the secret itself.",
      headers: { "www-authenticate": 'Bearer realm="millrace"' },
    });
  }
  return tenant;
}
