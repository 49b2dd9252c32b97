import { expect, test } from "vitest";
import { redact } from "../config/secrets.ts";
import { StderrTail } from "./stderr-tail.ts";

test("[host.texts.bound] a reason that quotes the server at length is shortened, with its secrets hidden", () => {
  const tail = new StderrTail((text) => redact(text, ["sk-very-secret-0123"]));
  const told = tail.explain(`sk-very-secret-0123${"x".repeat(10_000_000)}`);
  expect(told).toMatch(/^\[redacted\]x+ … .* … x+$/);
  expect(told.length).toBeLessThan(4_100);
});

test("[host.secrets.cut] of a secret at the end of a line that is cut nothing is left", () => {
  const tail = new StderrTail((text) => redact(text, ["sk-very-secret-0123"]));
  tail.push(`${"x".repeat(490)}sk-very-secret-0123 was refused`);
  const [, line] = tail.explain("it died").split("\n");
  expect(line).toBe(`${"x".repeat(490)}[redacted]…`);
});
