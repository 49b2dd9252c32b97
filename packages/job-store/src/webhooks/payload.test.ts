import { WEBHOOK_LENGTH_MAX, WebhookPayload, type ToolJobRequest } from "@millrace/contracts";
import { expect, test } from "vitest";
import { terminalEvent } from "../reading/terminal-event.ts";
import { webhookBody } from "./payload.ts";

const JOB_ID = `job_${"0".repeat(26)}`;

function bodyOf(text: string, tool = ""): string {
  const request: ToolJobRequest = { type: "tool", tool: `echo${tool}`, arguments: { text } };
  const first = JSON.stringify({ type: "job.queued", time: "2026-11-22T10:00:00.000Z", attempt: 1, request });
  const result = {
    content: [{ type: "text" as const, text }],
    structured_content: null,
    is_error: false,
    execution_time_ms: 1,
  };
  const end = terminalEvent(
    { status: "completed", result },
    { at: Date.parse("2026-11-22T10:00:01Z"), attempt: 1, startedAt: null, workerId: null },
  );
  return webhookBody(JOB_ID, 3, JSON.stringify(end), first);
}

function payloadOf(text: string, tool?: string): WebhookPayload {
  const body = bodyOf(text, tool);
  expect(body.length).toBeLessThanOrEqual(WEBHOOK_LENGTH_MAX);
  return WebhookPayload.parse(JSON.parse(body));
}

test("[webhook.payload] the body has the job as it ended, and without request and result when it is too long", () => {
  expect(payloadOf("hello")).toMatchObject({
    type: "job.completed",
    timestamp: "2026-11-22T10:00:01.000Z",
    data: {
      id: JOB_ID,
      status: "completed",
      request: { tool: "echo" },
      result: { content: [{ text: "hello" }] },
    },
  });
  expect(payloadOf("x".repeat(WEBHOOK_LENGTH_MAX))).toMatchObject({
    data: {
      id: JOB_ID,
      status: "completed",
      request: null,
      result: null,
      links: { self: `/jobs/${JOB_ID}` },
    },
  });
});

test("[webhook.payload.limit] a body as long as one may be has all, and one that is longer is shortened", () => {
  const longest = "x".repeat(Math.floor((WEBHOOK_LENGTH_MAX - bodyOf("").length) / 2));
  // The text stands in it twice, and its tool's name once.
  const spare = WEBHOOK_LENGTH_MAX - bodyOf(longest).length;
  const tool = "e".repeat(spare);
  expect(bodyOf(longest, tool)).toHaveLength(WEBHOOK_LENGTH_MAX);
  expect(payloadOf(longest, tool).data).toMatchObject({ result: { content: [{ text: longest }] } });
  expect(payloadOf(longest, `${tool}e`).data).toMatchObject({ request: null, result: null });
});
