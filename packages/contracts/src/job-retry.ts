import { z } from "zod";
import { JobErrorCode } from "./job-error.ts";
import { JobType } from "./job-request.ts";

/** Where a job that is retried goes on: after the steps that it has finished, or anew. */
export const RetryFrom = z.enum(["journal", "start"]);
export type RetryFrom = z.infer<typeof RetryFrom>;

/** Body of `POST /jobs/{id}/retry`. */
export const RetryRequest = z
  .strictObject({
    from: RetryFrom.default("journal").describe(
      "`journal`: go on after the finished steps. `start`: begin again.",
    ),
  })
  .meta({ id: "RetryRequest" });
export type RetryRequest = z.infer<typeof RetryRequest>;

/** Body of `POST /jobs/retry`. */
export const BulkRetryRequest = z
  .strictObject({
    status: z
      .enum(["failed", "cancelled"])
      .optional()
      .describe("Only jobs with this status. Default `failed`."),
    type: JobType.optional(),
    batch_id: z.string().min(1).max(64).optional().describe("Only jobs of this batch."),
    error_code: JobErrorCode.optional(),
    from: RetryFrom.default("journal"),
    limit: z
      .int()
      .min(1)
      .max(1_000)
      .default(100)
      .describe("How many jobs to retry at most; the newest come first."),
  })
  // Repeating a hundred jobs with all that they do should not be what happens to an empty request.
  .refine(({ status, type, batch_id, error_code }) => [status, type, batch_id, error_code].some(isGiven), {
    path: ["status"],
    message: "give status, type, batch_id or error_code: what is to be retried",
  })
  .meta({ id: "BulkRetryRequest" });
export type BulkRetryRequest = z.infer<typeof BulkRetryRequest>;

export const BulkRetryResponse = z.object({ job_ids: z.array(z.string()) }).meta({ id: "BulkRetryResponse" });
export type BulkRetryResponse = z.infer<typeof BulkRetryResponse>;

function isGiven(value: unknown): boolean {
  return value !== undefined;
}
