import { createMiddleware } from "hono/factory";
import { ProblemError } from "../http/problem.ts";
import type { KeyRing } from "./key-ring.ts";
import { LOCAL_KEY, type KeySettings } from "./key-settings.ts";
import { principalOf, type AccessEnvironment } from "./principal.ts";

/** Finds out who is asking; 401 when there are keys and none of them is presented. */
export function authenticate(keyRing: KeyRing) {
  return createMiddleware<AccessEnvironment>(async (c, next) => {
    const key = keyRing.isEmpty ? LOCAL_KEY : findKey(keyRing, c.req.header("authorization"));
    c.set("principal", principalOf(key));
    await next();
  });
}

function findKey(keyRing: KeyRing, authorization: string | undefined): KeySettings {
  const secret = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  const key = secret === undefined ? null : keyRing.find(secret);
  if (key) return key;
  throw new ProblemError("unauthorized", {
    detail:
      authorization === undefined
        ? "Send the header `Authorization: Bearer KEY` with one of the api's keys: see API_KEYS and API_KEYS_FILE."
        : "This key is none of the api's. Send `Authorization: Bearer KEY` with the secret itself.",
    headers: { "www-authenticate": 'Bearer realm="millrace"' },
  });
}
