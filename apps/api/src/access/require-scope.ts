import type { KeyScope } from "@millrace/contracts";
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../http/problem.ts";
import { hasScope } from "./key-settings.ts";
import type { AccessEnvironment } from "./principal.ts";

/** Refuses a request whose key lacks the scope: 403. */
export function requireScope(scope: KeyScope) {
  return createMiddleware<AccessEnvironment>(async (c, next) => {
    const { key } = c.get("principal");
    if (!hasScope(key, scope)) {
      const own = key.scopes.join(", ") || "none";
      throw new ProblemError("scope_missing", {
        detail: `This needs a key with the scope "${scope}"; the key "${key.name}" has: ${own}. Add it to "scopes" in API_KEYS_FILE, or use another key.`,
      });
    }
    await next();
  });
}
