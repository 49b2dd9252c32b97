import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runHere } from "../test/support/run-here.ts";

/** Where nobody listens: what is tested here goes wrong before anything is sent. */
const NOWHERE = "http://127.0.0.1:1";

test.for([
  [["batch", "nowhere.ndjson"], "nowhere.ndjson does not exist"],
  [["batch", tmpdir()], "is a folder"],
  [["batch", "IN", "-o", "nowhere/results.ndjson"], "nowhere/results.ndjson cannot be written: its folder"],
  [["nonsense"], "nonsense"],
  [["jobs"], "Say what to do with jobs: list, show, watch, cancel or retry"],
  [["jobs", "list", "--limit", "many"], "--limit must be a number above zero"],
  [["jobs", "list", "--limit", "0"], "--limit must be a number above zero"],
  [["jobs", "list", "--status", "odd"], "status"],
  [["jobs", "retry"], "--status, --type, --batch or --error-code"],
  [["tool", "one"], "Words are missing: 1 given, at least 2 needed. See millrace --help."],
  [["tool", "one", "two", "--json-args", "[]"], "--json-args must be one JSON object"],
  [["tool", "one", "two", "word"], '"word" is not key=value'],
  [["schedules", "put", "x", "--every", "60", "--job", "{"], "--job must be a job as JSON"],
  [["approve", "j", "c", "--reason", "x"], "--reason can only be used with --deny"],
  [["jobs", "show", ""], "The job's id is empty: is a variable not set?"],
  [["jobs", "watch", ".."], 'The job\'s id cannot be ".."'],
  [["jobs", "cancel", "a", ""], "A job's id is empty"],
  [["jobs", "retry", ""], "A job's id is empty"],
  [["approve", "", "c"], "The job's id is empty"],
  [["approve", "j", ""], "The call's id"],
  [["batches", "show", ""], "The batch's id is empty"],
  [["schedules", "delete", ""], "The schedule's id is empty"],
  [["tools", ""], "The server's name is empty"],
  [["tool", "", "two", "a=1"], "The server's name is empty"],
  [["batch", "IN", "-o", ""], "--output is empty: is a variable not set?"],
  [["batch", ""], "The file's name is empty: is a variable not set?"],
  [["batch", "IN", "-o", "x", "-o", "y"], "--output may be given once"],
  [["batch", "IN", "--no-output"], "--output must be one word"],
  [["batch", "IN", "-o", tmpdir()], "is a folder: name a file for the results"],
  [["chat", "hello", "--no-model"], "--model must be one word"],
  [["chat", "hello", "--server", "a", "--server", ""], "--server is empty"],
  [["chat", "hello", "--approval", "always", "--approval", "never"], "--approval may be given once"],
  [["jobs", "list", "--batch", "a", "--batch", "b"], "--batch may be given once"],
  [["jobs", "list", "--status", "failed", "--status", "queued"], "--status may be given once"],
  [["schedules", "put", "x", "--every", "60", "--job="], "--job is empty"],
  [["schedules", "put", "x", "--every", "60"], "job"],
  [["servers", "--api-key", ""], "--api-key is empty"],
  [["--url", "nonsense", "servers"], "--url or MILLRACE_URL must be"],
  [["servers", "--colour"], "colour"],
] as const)("[cli.errors.input] %j is refused with one line", async ([words, said]) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "in.ndjson");
  await writeFile(file, '{"type":"tool","tool":"echo"}\n');
  const { code, stdout, stderr } = await runHere(
    words.map((word) => (word === "IN" ? file : word)),
    NOWHERE,
  );
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^millrace: .+\n$/);
  expect(stderr).toContain(said);
});
