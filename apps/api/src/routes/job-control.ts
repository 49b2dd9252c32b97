import { ApprovalRequest, Job } from "@millrace/contracts";
import type { ApprovalAnswer } from "@millrace/job-store";
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { AccessEnvironment } from "../access/principal.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { accepted } from "../http/accepted.ts";
import { json, problems } from "../http/openapi.ts";
import { ProblemError } from "../http/problem.ts";
import { jsonBody, requireJson } from "../http/validation.ts";
import { checkToolCall } from "../tool-check.ts";
import { jobNotFound } from "./jobs.ts";

/** `/jobs/{id}/cancel` and `/jobs/{id}/approvals`: what may be done to a job that is under way. */
export function jobControlRoutes({ store }: ApiDependencies) {
  return new Hono<AccessEnvironment>()
    .post(
      "/jobs/:id/cancel",
      describeRoute({
        tags: ["jobs"],
        summary: "Cancel a job",
        description:
          "202 with the job: a waiting job is cancelled at once, a running one is told to stop. " +
          "200 with the unchanged job when it had already ended.",
        responses: {
          200: json("The job, which had ended", Job),
          202: json("The job", Job, "Location"),
          ...problems(401, 404, 413, 503),
        },
      }),
      async (c) => {
        const jobId = c.req.param("id");
        const answer = await store.cancel(c.get("principal").viewer, jobId);
        if (!answer) throw jobNotFound(jobId);
        return answer.requested ? accepted(c, answer.job) : c.json(answer.job, 200);
      },
    )
    .post(
      "/jobs/:id/approvals/:call",
      describeRoute({
        tags: ["jobs"],
        summary: "Approve or deny a tool call",
        description:
          "Decides on a call that the event `approval.requested` has named. 409 when the call does not wait for a decision.",
        responses: { 200: json("The job", Job), ...problems(400, 401, 404, 409, 413, 415, 422, 503) },
      }),
      requireJson,
      jsonBody(ApprovalRequest),
      async (c) => {
        const { viewer } = c.get("principal");
        const { id: jobId, call: toolCallId } = c.req.param();
        const request = c.req.valid("json");
        const check = async (tool: string): Promise<void> => {
          if (!request.arguments) return;
          const fleet = (await store.fleet()).visibleTo(c.get("principal").toolAccess);
          checkToolCall(fleet, { tool, arguments: request.arguments });
        };
        const answer = await store.decideApproval(viewer, jobId, toolCallId, request, check);
        if (answer !== null && answer !== "decided") throw notPending(answer, toolCallId);
        const after = await store.find(viewer, jobId);
        if (answer === null || !after) throw jobNotFound(jobId);
        return c.json(after.job, 200);
      },
    );
}

const REASONS: Readonly<Record<Exclude<ApprovalAnswer, "decided">, string>> = {
  unknown: "it never asked for an approval. The event approval.requested names the calls that do",
  before: "it has been decided",
  expired: "nobody decided in time, so it is denied",
  ended: "its job has ended",
};

function notPending(answer: Exclude<ApprovalAnswer, "decided">, toolCallId: string): ProblemError {
  return new ProblemError("approval_not_pending", {
    detail: `Call ${toolCallId.slice(0, 128)} does not wait for an approval: ${REASONS[answer]}.`,
  });
}
