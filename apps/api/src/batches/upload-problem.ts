import {
  BatchRefusedError,
  CAP_WAIT_MS,
  IdempotencyExpiredError,
  QueueFullError,
  StoreUnavailableError,
  type BatchUpload,
} from "@millrace/job-store";
import { ProblemError } from "../http/problem.ts";

/** Closes an upload that cannot go on, and makes the answer: what went wrong, and what its batch has got so far. */
export async function cutUpload(upload: BatchUpload, error: unknown): Promise<unknown> {
  const problem = uploadProblem(error);
  // When it cannot be closed now, the sweeper closes it.
  const closing = upload.close("cut").catch(() => null);
  // Without Redis that may take long, and tells nothing.
  const batch = error instanceof StoreUnavailableError ? null : await closing;
  if (!(problem instanceof ProblemError) || !batch) return problem;
  const { id, accepted, rejected } = batch;
  return new ProblemError(problem.code, { ...problem.options, batch: { id, accepted, rejected } });
}

/** The problem that an error of an upload stands for; any other error as it is. */
export function uploadProblem(error: unknown): unknown {
  if (error instanceof QueueFullError) {
    return new ProblemError("too_many_jobs", {
      detail:
        `This key has as many jobs that wait or run as it may have (${error.maxQueued}), for more than ` +
        `${CAP_WAIT_MS / 1_000} s. Send the batch again later, under the same Idempotency-Key: it goes on where it stopped.`,
      headers: { "retry-after": String(CAP_WAIT_MS / 1_000) },
    });
  }
  if (error instanceof StoreUnavailableError) {
    return new ProblemError("store_unavailable", {
      detail: `${error.message}. Send the batch again, under the same Idempotency-Key: it goes on where it broke off.`,
      headers: { "retry-after": "1" },
    });
  }
  if (!(error instanceof BatchRefusedError)) return error;
  if (error.reason === "gone") return new IdempotencyExpiredError(error.batchId);
  if (error.reason === "cancelled") {
    return new ProblemError("batch_cancelled", {
      detail: `Batch ${error.batchId} has been cancelled, so it takes no more lines. Use another Idempotency-Key.`,
    });
  }
  return new ProblemError("batch_superseded", {
    detail: `Batch ${error.batchId} is being sent again under the same Idempotency-Key; that upload goes on. Ask for the batch with GET /batches/${error.batchId}.`,
  });
}
