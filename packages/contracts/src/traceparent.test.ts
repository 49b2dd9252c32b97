import { expect, test } from "vitest";
import { isTraceparent } from "./traceparent.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

test.each([
  ["of version 00", `00-${TRACE}-${PARENT}-01`, true],
  ["of a later version, with more to say", `01-${TRACE}-${PARENT}-01-what.comes`, true],
  ["of version 00 with more to say", `00-${TRACE}-${PARENT}-01-more`, false],
  ["of the forbidden version", `ff-${TRACE}-${PARENT}-01`, false],
  ["with a trace id of zeros", `00-${"0".repeat(32)}-${PARENT}-01`, false],
  ["with a parent id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`, false],
  ["in capitals", `00-${TRACE.toUpperCase()}-${PARENT}-01`, false],
  ["that is too short", `00-${TRACE}-${PARENT}`, false],
  ["that is endless", `01-${TRACE}-${PARENT}-01-${"x".repeat(100)}`, false],
  ["that is empty", "", false],
])("[trace.bad] a traceparent %s", (_what, text, isRight) => {
  expect(isTraceparent(text)).toBe(isRight);
});
