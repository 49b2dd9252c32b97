import { Delivery, DeliveryList } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { jobNotFound } from "./jobs.ts";

/** `/jobs/{id}/deliveries`: what a job's webhook has been told. */
export function deliveryRoutes({ store }: ApiDependencies) {
  return new Hono<AccessEnvironment>()
    .get(
      "/jobs/:id/deliveries",
      describeRoute({
        tags: ["webhooks"],
        summary: "List the deliveries of a job's webhook",
        responses: {
          200: json("The deliveries, in the order of their events", DeliveryList),
          ...problems(401, 404, 503),
        },
      }),
      async (c) => {
        const jobId = c.req.param("id");
        const deliveries = await store.deliveries.list(c.get("principal").viewer, jobId);
        if (!deliveries) throw jobNotFound(jobId);
        return c.json({ deliveries });
      },
    )
    .post(
      "/jobs/:id/deliveries/:n/replay",
      describeRoute({
        tags: ["webhooks"],
        summary: "Send a webhook again",
        description:
          "202 with the delivery. It is sent at once, whatever came of it before, and is retried for another day. Its `webhook-id` stays the same.",
        responses: { 202: json("The delivery", Delivery), ...problems(401, 404, 413, 503) },
      }),
      async (c) => {
        const { id: jobId, n } = c.req.param();
        const isNumber = /^[1-9]\d{0,8}$/.test(n);
        const answer = await store.deliveries.replay(
          c.get("principal").viewer,
          jobId,
          isNumber ? Number(n) : 0,
        );
        if (answer === null) throw jobNotFound(jobId);
        if (answer === "unknown") throw deliveryNotFound(jobId, n);
        return c.json(answer, 202);
      },
    );
}

function deliveryNotFound(jobId: string, n: string): ProblemError {
  return new ProblemError("delivery_not_found", {
    detail: `Job ${jobId} has no delivery ${n.slice(0, 64)}. GET /jobs/${jobId}/deliveries lists them.`,
  });
}
