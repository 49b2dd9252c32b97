import { KeyView } from "@millrace/contracts";
import { webhookSecret } from "@millrace/service";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { KeySettings } from "../access/key-settings.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";

/** `GET /keys/me`. */
export function keyRoutes({ store, config }: ApiDependencies) {
  const [secret] = config.webhookSecrets;
  const secretOf = (tenant: string) => (secret === undefined ? null : webhookSecret(secret, tenant));
  return new Hono<AccessEnvironment>().get(
    "/keys/me",
    describeRoute({
      tags: ["operations"],
      summary: "Show what this key may do, and how much of its limits is used",
      responses: {
        200: json("The key, without its secret", KeyView),
        ...problems(401, 503),
      },
    }),
    async (c) => {
      const { key, tenant } = c.get("principal");
      const { queued, running } = await store.usage.ofTenant(tenant);
      return c.json({ ...keyView(key), use: { queued, running }, webhook_secret: secretOf(tenant) });
    },
  );
}

function keyView({
  name,
  scopes,
  limits,
  weight,
  toolAccess,
}: KeySettings): Omit<KeyView, "use" | "webhook_secret"> {
  return {
    name,
    scopes: [...scopes],
    limits: {
      max_running: limits.max_running ?? null,
      max_queued: limits.max_queued,
      requests_per_second: limits.requests_per_second ?? null,
    },
    weight,
    servers: toolAccess?.servers ?? null,
    tools: toolAccess?.tools ?? null,
  };
}
