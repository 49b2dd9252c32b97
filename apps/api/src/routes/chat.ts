import { ChatJob, ChatRequest, JobEvent } from "@millrace/contracts";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { json, jsonOrEvents, problems, requestHeaders } from "../http/openapi.ts";
import { placeJob, submitAndStream, submitAndWait, wantsEventStream } from "../http/submit.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { WAIT_SECONDS_MAX } from "../http/wait.ts";
import { checkJob } from "../job-check.ts";

/** `POST /chat`. */
export function chatRoutes(dependencies: ApiDependencies) {
  return new Hono<AccessEnvironment>().post(
    "/chat",
    describeRoute({
      tags: ["chat"],
      summary: "Chat with a model that has the fleet's tools",
      description: `Submits a chat job and waits for it, ${WAIT_SECONDS_MAX} s at most. 200 with the finished job, whatever its status, or 202 with the job that still runs. With \`stream: true\` the answer is the stream of its events.`,
      parameters: requestHeaders("Idempotency-Key", "traceparent"),
      responses: {
        200: jsonOrEvents(
          "The finished job, or its events",
          { schema: ChatJob, event: JobEvent },
          "Location",
        ),
        202: json("The job, which still runs", ChatJob, "Location"),
        ...problems(400, 401, 410, 413, 415, 422, 429, 503),
      },
    }),
    requireJson,
    jsonBody(ChatRequest),
    async (c) => {
      const { stream, ...request } = c.req.valid("json");
      const principal = c.get("principal");
      const chat = { type: "chat", ...request } as const;
      const wanted = { tenant: principal.tenant, request: chat };
      const placed = await placeJob(c, dependencies, wanted, () => checkJob(dependencies, principal, chat));
      if (stream || wantsEventStream(c)) return await submitAndStream(c, dependencies, placed);
      return await submitAndWait(c, dependencies, placed, WAIT_SECONDS_MAX);
    },
  );
}
