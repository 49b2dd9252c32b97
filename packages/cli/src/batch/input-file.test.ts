import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openInput } from "./input-file.ts";

test.each([
  ["", 0],
  ["\n \t\r\n", 0],
  ["{}", 1],
  ["{}\n", 1],
  ["{}\n\n{}", 2],
  [`{}\n${" ".repeat(200_000)}{}\n`, 2],
])("[cli.batch.whole] %# lines count that have something on them, the last one too", async (text, lines) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-input-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "jobs.ndjson");
  await writeFile(path, text);
  await using input = await openInput(path, new AbortController().signal);
  expect(input.lines).toBe(lines);
});
