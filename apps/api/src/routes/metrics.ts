import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { problems } from "../http/openapi.ts";
import { METRICS_CONTENT_TYPE, renderMetrics } from "../metrics/render-metrics.ts";
import { takeSnapshot } from "../metrics/snapshot.ts";

/** `GET /metrics`. */
export function metricsRoutes({ store, openStreams }: ApiDependencies) {
  return new Hono<AccessEnvironment>().get(
    "/metrics",
    describeRoute({
      tags: ["operations"],
      summary: "Read the metrics of the installation, for Prometheus",
      description:
        "Any key may read them, even one with no scope. Every api answers with the numbers of the whole installation; " +
        "only the open streams are its own.",
      responses: {
        200: { description: "The metrics", content: { "text/plain": { schema: { type: "string" } } } },
        ...problems(401, 503),
      },
    }),
    async (c) => {
      const fleet = (await store.fleet()).visibleTo(c.get("principal").toolAccess);
      const snapshot = await takeSnapshot(store, fleet, openStreams.count);
      return c.body(await renderMetrics(snapshot), 200, {
        "content-type": METRICS_CONTENT_TYPE,
        "cache-control": "no-store",
      });
    },
  );
}
