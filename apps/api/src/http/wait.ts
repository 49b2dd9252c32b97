import { z } from "zod";
import { ProblemError } from "./problem.ts";
import { queryNumber } from "./query-number.ts";

/** The longest that one request waits for a job, in seconds. */
export const WAIT_SECONDS_MAX = 60;

const rule = `must be a whole number of seconds from 0 to ${WAIT_SECONDS_MAX}`;

/** `?wait=N`, in seconds. */
export const WaitQuery = z.strictObject({
  wait: queryNumber(z.int().min(0).max(WAIT_SECONDS_MAX, rule), rule)
    .optional()
    .describe("Answer as soon as the job has ended, or after so many seconds."),
});

/**
 * Seconds of `Prefer: wait=N`, or null when the client does not ask to wait. Other preferences are ignored.
 * Source: RFC 7240.
 */
export function preferredWait(header: string | undefined): number | null {
  for (const preference of header?.split(",") ?? []) {
    // After a semicolon come parameters, of which `wait` has none that we know.
    const [token = ""] = preference.split(";");
    const [name, value] = token.split("=").map((part) => part.trim().toLowerCase());
    if (name !== "wait") continue;
    const seconds = /^"?(\d{1,2})"?$/.exec(value ?? "")?.[1];
    if (seconds === undefined || Number(seconds) > WAIT_SECONDS_MAX) {
      throw new ProblemError("invalid_header", {
        detail: `Prefer: wait ${rule}.`,
        errors: [{ path: "Prefer", message: `wait ${rule}` }],
      });
    }
    return Number(seconds);
  }
  return null;
}
