import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openResultFile } from "./result-file.ts";

/** Longer than what is read of a file's end at first. */
const LONG = "x".repeat(100_000);

test.each([
  ["", undefined],
  ["half a li", undefined],
  ['{"cursor":"1"}\n', "1"],
  ['{"cursor":"1"}\n{"cursor":"2"}\n{"curs', "2"],
  [`{"cursor":"1"}\n{"cursor":"2","text":"${LONG}"}\n`, "2"],
  [`{"cursor":"1","text":"${LONG}"}\n{"cursor":"2","text":"${LONG}`, "1"],
])("[cli.batch.results] %# results go on behind the last whole one of a file", async (text, cursor) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-results-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "results.ndjson");
  await writeFile(path, text);
  const results = await openResultFile(path);
  expect(results.cursor).toBe(cursor);
  await results.write("next");
  await results.close();
  expect(await readFile(path, "utf8")).toBe(`${text.slice(0, text.lastIndexOf("\n") + 1)}next\n`);
});
