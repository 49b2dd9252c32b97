import { MillraceError } from "@millrace/client";
import { expect, test } from "vitest";
import { describeFailure } from "./failure.ts";

test.each([
  [404, 2],
  [499, 2],
  [500, 3],
  [503, 3],
])("[cli.errors.status] an answer with status %i has the exit code %i", (status, exitCode) => {
  const error = new MillraceError(new Response(null, { status }), "http://127.0.0.1:1/jobs", "");
  expect(describeFailure(error)).toMatchObject({ exitCode });
});
