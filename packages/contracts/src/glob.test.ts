import { expect, test } from "vitest";
import { matchesGlob } from "./glob.ts";

test.each([
  ["*", "", true],
  ["*", "read_file", true],
  ["*", "files/read", true],
  ["*", ".hidden", true],
  ["*", "two\nlines", true],
  ["", "a", false],
  ["write_*", "write_file", true],
  ["write_*", "write_", true],
  ["write_*", "rewrite_file", false],
  ["*_file", "read_file_info", false],
  ["*_file", "read_file_file", true],
  ["a?c", "abc", true],
  ["a?c", "a/c", true],
  ["a?c", "a🌍c", true],
  ["a?c", "ac", false],
  ["*?", "", false],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["a[b]", "ab", false],
  ["a[b].{c}", "a[b].{c}", true],
  ["Read", "read", false],
])("[config.mcp.approval] glob %j and tool name %j", (pattern, name, expected) => {
  expect(matchesGlob(pattern, name)).toBe(expected);
});

test("[config.mcp.approval] a glob with many stars is quick on a long name", () => {
  const started = performance.now();
  expect(matchesGlob(`${"*a".repeat(30)}b`, "a".repeat(10_000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(1_000);
});
