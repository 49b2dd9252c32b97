import { isTraceparent } from "@millrace/contracts";
import type { NewJob } from "@millrace/job-store";
import { ProblemError } from "./problem.ts";

const rule =
  "must be that of W3C Trace Context, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** The value of `traceparent`; null when the client sends none. */
export function traceparentOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (isTraceparent(header)) return header;
  throw new ProblemError("invalid_header", {
    detail: `The header traceparent ${rule}. Correct it, or leave it out.`,
    errors: [{ path: "traceparent", message: rule }],
  });
}

/** The job with the trace that its calls carry on, if there is one. */
export function traced(newJob: NewJob, traceparent: string | null): NewJob {
  return traceparent === null ? newJob : { ...newJob, traceparent };
}
