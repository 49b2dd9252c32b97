import { expect, test } from "vitest";
import { redact } from "../config/secrets.ts";
import { StderrTail } from "./stderr-tail.ts";

test("[host.texts.bound] a reason that quotes the server at length is shortened, with its secrets hidden", () => {
  const tail = new StderrTail((text) => redact(text, ["sk-very-secret-0123"]));
  const told = tail.explain(`sk-very-secret-0123${"x".repeat(10_000_000)}`);
  expect(told).toMatch(/^\[redacted\]x+ … .* … x+$/);
  expect(told.length).toBeLessThan(4_100);
});

test("[host.failure.stderr.first] of much that a server wrote its first lines are told, and its last", () => {
  const tail = new StderrTail((text) => text);
  const lines = Array.from({ length: 26 }, (_line, index) => `line ${index + 1}`);
  for (const line of lines.slice(0, 25)) tail.push(line);
  expect(tail.explain("it died").split("\n")).toEqual([
    "it died; last lines of its stderr:",
    ...lines.slice(0, 25),
  ]);
  tail.push("line 26");
  expect(tail.explain("it died").split("\n")).toEqual([
    "it died; first and last lines of its stderr:",
    ...lines.slice(0, 5),
    "…",
    ...lines.slice(6),
  ]);
});

test("[host.secrets.cut] of a secret at the end of a line that is cut nothing is left", () => {
  const tail = new StderrTail((text) => redact(text, ["sk-very-secret-0123"]));
  tail.push(`${"x".repeat(490)}sk-very-secret-0123 was refused`);
  const [, line] = tail.explain("it died").split("\n");
  expect(line).toBe(`${"x".repeat(490)}[redacted]…`);
});
