import { MillraceError } from "@millrace/client";
import { CommandError } from "../failure.ts";

const ANEW = "--restart, which throws the results away and runs everything again.";

/** By the api's codes: what they mean to somebody who has given no key and no id. */
const MEANINGS: Readonly<Record<string, string>> = {
  idempotency_mismatch: `was started with another --concurrency. Give the same one again, or ${ANEW}`,
  idempotency_expired: `no longer exists. Give ${ANEW}`,
  batch_not_found: `no longer exists, or belongs to another api key. Give that key, or ${ANEW}`,
  batch_cancelled: `was cancelled before all of it was sent. Give ${ANEW}`,
};

/** An error of the api that comes of what is kept beside the output, in the user's own terms; any other as it is. */
export function explainRefusal(error: unknown, output: string): unknown {
  const meaning = error instanceof MillraceError ? MEANINGS[error.code] : undefined;
  return meaning === undefined ? error : new CommandError(`The batch of ${output} ${meaning}`);
}
