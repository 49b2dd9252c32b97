import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { describeSpawnError } from "./spawn-error.ts";

const forbidden = Object.assign(new Error("spawn tool EACCES"), { code: "EACCES" });

test("[host.failure.command] a command is forbidden where it is, and missing where PATH only has folders that may not be read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-path-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const env = { PATH: `/no/such/folder:${folder}` };
  expect(describeSpawnError({ command: "tool", env }, forbidden).message).toBe(
    'command "tool" was not found: install it or correct "command"',
  );
  const file = join(folder, "tool");
  await writeFile(file, "");
  await chmod(file, 0o600);
  for (const command of ["tool", file]) {
    expect(describeSpawnError({ command, env }, forbidden).message).toBe(
      `command "${command}" may not be executed: correct its permissions or "command"`,
    );
  }
});
