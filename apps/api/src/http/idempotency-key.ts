import { ProblemError } from "./problem.ts";

/** Visible characters. Two headers of that name arrive as one with a comma and a space, and are refused. */
const KEY = /^[\x21-\x7e]{1,255}$/;
const rule = "must be 1 to 255 visible ASCII characters without spaces, such as a UUID";

/** The value of `Idempotency-Key`; null when the client sends none. */
export function idempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (KEY.test(header)) return header;
  throw new ProblemError("invalid_header", {
    detail: `Idempotency-Key ${rule}.`,
    errors: [{ path: "Idempotency-Key", message: rule }],
  });
}
