import { expect, test } from "vitest";
import { mayRunAgain } from "./unknown-outcome.ts";

test.each([
  [{ readOnlyHint: true }, true],
  [{ idempotentHint: true }, true],
  [{ readOnlyHint: true, idempotentHint: false }, true],
  [{ destructiveHint: false }, false],
  [{ readOnlyHint: "yes" }, false],
  [{}, false],
  [null, false],
])(
  "[agent.resume.unknown] a call of a tool with the hints %j is made again after a crash: %s",
  (hints, again) => {
    expect(mayRunAgain(hints)).toBe(again);
  },
);
