import { z } from "zod";
import { ApprovalPolicy } from "./approval.ts";
import { atMostEntries, checkFirst } from "./check-first.ts";
import { Webhook } from "./webhook.ts";

const metadata = checkFirst(
  atMostEntries(64),
  z.record(z.string().min(1).max(64), z.string().max(512)),
).describe("Your own labels, returned with the job. Never interpreted.");

const DAY_MS = 86_400_000;
/** The longest wait between two attempts of a job. */
export const BACKOFF_DELAY_MS_MAX = DAY_MS;
const YEAR_MS = 365 * DAY_MS;

/** Bounds on what a job may spend, looked at before each call; a job that reaches one ends with what it has. */
export const Budget = z.strictObject({
  max_tokens: z.int().min(1).optional().describe("Input and output tokens of all turns together."),
  max_cost_usd: z.number().positive().optional().describe("US dollars, by the prices in the models file."),
  max_tool_calls: z.int().min(0).optional().describe("Tool calls of all turns together."),
});
export type Budget = z.infer<typeof Budget>;

/** How long a job waits before its next attempt. */
export const Backoff = z.strictObject({
  type: z
    .enum(["exponential", "fixed"])
    .default("exponential")
    .describe("`exponential` doubles the wait each time, with jitter."),
  delay_ms: z
    .int()
    .min(0)
    .max(BACKOFF_DELAY_MS_MAX)
    .default(1_000)
    .describe("The wait before the second attempt."),
});
export type Backoff = z.infer<typeof Backoff>;

/** What every kind of job accepts. Durations end in their unit. */
export const jobOptions = {
  timeout_ms: z
    .int()
    .min(1)
    .max(DAY_MS)
    .optional()
    .describe(
      "How long the job may run, counted from the first start of each attempt. Default 60,000 for a tool job, 900,000 for a chat job.",
    ),
  queue_timeout_ms: z
    .int()
    .min(1)
    .max(YEAR_MS)
    .optional()
    .describe(
      "The job fails with `queue_timeout` when no worker has started it within this time after it was due.",
    ),
  priority: z.int().min(0).max(10).optional().describe("0 is the highest, 10 the lowest. Default 5."),
  delay_ms: z.int().min(0).max(YEAR_MS).optional().describe("Wait this long before the job is due."),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(
      "How many times the job is tried in all while its error is retryable. Default 1. A tool call that may have " +
        "happened is repeated only if the tool is read-only or idempotent, or with `on_unknown`.",
    ),
  backoff: Backoff.optional().describe("How long to wait between attempts."),
  budget: Budget.optional().describe(
    "What the job may spend at most. It is checked before each call; a job that reaches it ends with what it has.",
  ),
  approval: ApprovalPolicy.optional().describe(
    "Which tool calls wait for an approval. The strictest of the server's, the tool's and the job's setting counts. Default `never`.",
  ),
  webhook: Webhook.optional(),
  metadata: metadata.optional(),
  retention_seconds: z
    .int()
    .min(1)
    .max(YEAR_MS / 1_000)
    .optional()
    .describe("How long the finished job stays readable. Default JOB_RETENTION_SECONDS."),
};
