import { WorkerList } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";

/** `/workers`: the fleet. */
export function workerRoutes({ store }: ApiDependencies) {
  return new Hono<AccessEnvironment>().get(
    "/workers",
    describeRoute({
      tags: ["operations"],
      summary: "List the live workers",
      responses: { 200: json("The workers", WorkerList), ...problems(401, 503) },
    }),
    async (c) => {
      const fleet = await store.fleet();
      return c.json({ workers: fleet.visibleTo(c.get("principal").toolAccess).workers });
    },
  );
}
