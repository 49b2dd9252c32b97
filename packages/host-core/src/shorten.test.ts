import { expect, test } from "vitest";
import { shorten } from "./shorten.ts";

test("[host.texts.bound] a text that is short stays as it is, and a long one keeps its beginning and its end", () => {
  expect(shorten("x".repeat(4_000))).toBe("x".repeat(4_000));
  const long = shorten(`begins${"x".repeat(20_000_000)}ends`);
  expect(long).toMatch(/^beginsx+ … \[shortened: it has 20000010 characters\] … x+ends$/);
  expect(long.length).toBeLessThan(4_100);
  expect(shorten("x".repeat(5_000), { longest: 100 }).length).toBeLessThan(200);
});

test("[host.texts.bound] no character is cut in two", () => {
  for (const before of ["", "x"]) {
    expect(shorten(before + "😀".repeat(100), { longest: 20 }).isWellFormed()).toBe(true);
  }
});

test("[host.secrets.cut] of a secret that the cut goes through nothing is left", () => {
  const redact = (text: string) => text.replaceAll("sk-very-secret-0123", "[redacted]");
  for (const length of [4_000, 100_000]) {
    const text = `${"x".repeat(2_990)}sk-very-secret-0123${"y".repeat(length)}sk-very-secret-0123${"z".repeat(990)}`;
    expect(shorten(text, { redact })).not.toMatch(/sk-|secret|0123/);
  }
});
