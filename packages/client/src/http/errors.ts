import type { Problem, ProblemCode, ProblemDetailError } from "@millrace/contracts";

/**
 * The api has answered, and the answer is an error.
 *
 * @example
 * ```ts
 * try {
 *   await client.jobs.get("job_…");
 * } catch (error) {
 *   if (error instanceof MillraceError && error.code === "job_not_found") return null;
 *   throw error;
 * }
 * ```
 */
export class MillraceError extends Error {
  override readonly name = "MillraceError";
  /** The stable code of the problem; `unexpected_answer` when what answered is not the api, such as a proxy. */
  readonly code: ProblemCode | "unexpected_answer";
  /** The HTTP status. */
  readonly status: number;
  /** What is wrong and how to cure it. */
  readonly detail: string;
  /** What is wrong in the request, and where. */
  readonly errors: readonly ProblemDetailError[];
  /** By which the api's log names the request. */
  readonly requestId: string | null;
  /** How long the api asks to wait before the next try, in milliseconds. */
  readonly retryAfterMs: number | null;
  /** The whole answer, when it was a problem: some codes add members of their own. */
  readonly problem: (Problem & Readonly<Record<string, unknown>>) | null;

  constructor(response: Response, url: string, body: string) {
    const problem = readProblem(body);
    const detail =
      problem?.detail ??
      `${url} answered ${response.status} with something that is not Millrace's: check the URL, and what stands in between.`;
    super(detail);
    this.code = problem?.code ?? "unexpected_answer";
    this.status = response.status;
    this.detail = detail;
    this.errors = problem?.errors ?? [];
    this.requestId = problem?.request_id ?? response.headers.get("x-request-id");
    this.retryAfterMs = readRetryAfter(response.headers.get("retry-after"));
    this.problem = problem;
  }
}

/** No answer came: nothing listens there, the name is unknown, or the connection broke. */
export class MillraceConnectionError extends Error {
  override readonly name = "MillraceConnectionError";
  /** What was asked for. */
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`${url} cannot be reached: ${reasonOf(cause)}.`, { cause });
    this.url = url;
  }
}

function readProblem(body: string): MillraceError["problem"] {
  try {
    const problem = JSON.parse(body) as MillraceError["problem"];
    return typeof problem?.code === "string" && typeof problem.detail === "string" ? problem : null;
  } catch {
    return null;
  }
}

/** Seconds alone: the api sends no dates. */
function readRetryAfter(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : null;
}

/** Node wraps what has really happened in a "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return reasonOf(cause);
  const code = (error as { code?: unknown }).code;
  return error.message || (typeof code === "string" ? code : error.name);
}
