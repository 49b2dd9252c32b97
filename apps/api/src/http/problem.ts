import { PROBLEMS, type Problem, type ProblemCode, type ProblemDetailError } from "@millrace/contracts";
import {
  IdempotencyMismatchError,
  IdempotencyExpiredError,
  QueueFullError,
  StoreUnavailableError,
} from "@millrace/job-store";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "pino";

export const PROBLEM_TYPE = "application/problem+json";

export interface ProblemOptions {
  /** What is wrong and how to cure it. */
  detail: string;
  errors?: ProblemDetailError[];
  headers?: Record<string, string>;
  /** What the batch of an upload that ended early has got so far. */
  batch?: Problem["batch"];
}

/** Thrown by a route to answer with a problem. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions) {
    super(options.detail);
    this.name = "ProblemError";
    this.code = code;
    this.options = options;
  }
}

export const BUG_DETAIL =
  "This is a bug in Millrace. Report it with the request_id, which its log names too.";

const RETRY_AFTER_SECONDS = "1";

/** Jobs end all the time, but a queue that is full is long. */
const RETRY_AFTER_FULL_SECONDS = "5";

/** Makes what a route throws an answer. What never reaches a route is answered by `unparsable-requests.ts`. */
export function createErrorHandler(logger: Logger): (error: Error, c: Context) => Response {
  return (error, c) => {
    if (error instanceof ProblemError) return problemResponse(c, error.code, error.options);
    if (error instanceof StoreUnavailableError) {
      return problemResponse(c, "store_unavailable", {
        detail:
          `${error.message}, so the outcome is unknown. Try again after a second; a submission with the same ` +
          "Idempotency-Key, so that it makes one job.",
        headers: { "retry-after": RETRY_AFTER_SECONDS },
      });
    }
    if (error instanceof IdempotencyMismatchError) {
      return problemResponse(c, "idempotency_mismatch", {
        detail: "This Idempotency-Key came with another request before. Give each request a key of its own.",
      });
    }
    if (error instanceof IdempotencyExpiredError) {
      return problemResponse(c, "idempotency_expired", {
        detail: `What this Idempotency-Key has made, ${error.id}, has been deleted after its retention. Use another key to run it again.`,
      });
    }
    if (error instanceof QueueFullError) {
      return problemResponse(c, "too_many_jobs", {
        detail: `This key has ${error.maxQueued} jobs that wait or run, which is its cap (max_queued). Try again when some have ended.`,
        headers: { "retry-after": RETRY_AFTER_FULL_SECONDS },
      });
    }
    if (isHangUp(error)) {
      return problemResponse(c, "invalid_json", { detail: "The body ended before it was whole." });
    }
    if (error instanceof HTTPException && error.status === 400) {
      return problemResponse(c, "invalid_json", {
        detail: "The body cannot be parsed. Send one JSON object.",
      });
    }
    logger.error({ err: error, request_id: c.get("requestId"), path: c.req.path }, "Bug: a request failed");
    return problemResponse(c, "internal_error", { detail: BUG_DETAIL });
  };
}

/** The client has gone while it sent its body: nobody reads the answer, and there is nothing to repair. */
function isHangUp(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === "ECONNRESET" && error.message === "aborted";
}

/** Answers a problem. */
export function problemResponse(c: Context, code: ProblemCode, options: ProblemOptions): Response {
  const problem = problemOf(code, options, c.get("requestId") ?? "");
  const headers = { ...options.headers, "content-type": PROBLEM_TYPE };
  return c.body(JSON.stringify(problem), PROBLEMS[code].status, headers);
}

/** The body of every answer that is an error (RFC 9457). */
export function problemOf(
  code: ProblemCode,
  { detail, errors, batch }: Omit<ProblemOptions, "headers">,
  requestId: string,
): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    type: "about:blank",
    title,
    status,
    detail,
    code,
    ...(errors ? { errors } : {}),
    ...(batch ? { batch } : {}),
    request_id: requestId,
  };
}
