import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const PROJECT = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

test("[host.library] the example uses the host alone, and ends by itself with its servers", async ({
  signal,
}) => {
  const { stdout, stderr } = await run(process.execPath, ["examples/host.ts"], { cwd: PROJECT, signal });
  expect(stderr).toBe("");
  const [tools = "", ...lines] = stdout.trimEnd().split("\n");
  expect(tools.split(" ")).toEqual(expect.arrayContaining(["everything__echo", "everything__get-sum"]));
  expect(lines).toEqual([
    'call: [{"type":"text","text":"The sum of 2 and 3 is 5."}]',
    expect.stringMatching(/^read: demo:\/\/resource\/\S+ 1 part\(s\)$/),
    'reload: {"added":["files"],"removed":[],"changed":[],"unchanged":["everything"],"errors":[]}',
    expect.stringMatching(/^server: everything connected [1-9]\d*$/),
    expect.stringMatching(/^server: files connected [1-9]\d*$/),
  ]);
});
