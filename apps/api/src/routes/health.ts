import { ModelProvider } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";

const Live = z.object({ status: z.literal("live") }).meta({ id: "Live" });
const Ready = z
  .object({
    status: z.literal("ready"),
    redis: z.literal(true),
    workers: z.int(),
    providers: z
      .record(ModelProvider, z.boolean())
      .describe("Which model providers can be used: their key is set, or their server needs none."),
  })
  .meta({ id: "Ready" });

/** `/health`: for load balancers and supervisors; needs no key. */
export function healthRoutes({ store, models }: ApiDependencies) {
  const isConfigured = (wanted: ModelProvider) =>
    models.models.some(({ provider, isConfigured: is }) => provider === wanted && is);
  const providers = {
    anthropic: isConfigured("anthropic"),
    openai: isConfigured("openai"),
    demo: isConfigured("demo"),
  };
  return new Hono()
    .get(
      "/health/live",
      describeRoute({
        tags: ["operations"],
        summary: "Check that the process answers",
        security: [],
        responses: { 200: json("The process answers", Live), ...problems(403) },
      }),
      (c) => c.json({ status: "live" as const }),
    )
    .get(
      "/health/ready",
      describeRoute({
        tags: ["operations"],
        summary: "Check that Redis answers; count the workers and name the usable model providers",
        security: [],
        responses: { 200: json("Redis answers", Ready), ...problems(403, 503) },
      }),
      async (c) => {
        await store.ping();
        const { workers } = await store.fleet();
        return c.json({
          status: "ready" as const,
          redis: true as const,
          workers: workers.length,
          providers,
        });
      },
    );
}
