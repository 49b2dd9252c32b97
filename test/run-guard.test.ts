import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { TEST_RUN_VARIABLE } from "./setup/run-processes.ts";

const GUARD = fileURLToPath(new URL("setup/run-guard.ts", import.meta.url));

/** It ends with the test process as well, by its stdin. */
function startMember(testRun: string) {
  const member = spawn("cat", { env: { [TEST_RUN_VARIABLE]: testRun }, stdio: ["pipe", "ignore", "ignore"] });
  onTestFinished(() => void member.kill("SIGKILL"));
  return { member, ended: once(member, "exit") };
}

test.runIf(process.platform === "linux")(
  "[testing.run.killed] what a run has started ends when the run is killed, and nothing of another one does",
  async () => {
    const [testRun, other] = [randomUUID(), randomUUID()];
    const members = [startMember(testRun), startMember(testRun)];
    const stranger = startMember(other);
    const guard = spawn(process.execPath, [GUARD, testRun], { stdio: ["pipe", "ignore", "inherit"] });
    const ended = once(guard, "exit");
    guard.stdin.end();
    expect(await Promise.all(members.map((started) => started.ended))).toEqual([
      [null, "SIGKILL"],
      [null, "SIGKILL"],
    ]);
    expect(await ended).toEqual([0, null]);
    expect(stranger.member.exitCode ?? stranger.member.signalCode).toBeNull();
    stranger.member.kill("SIGKILL");
    await stranger.ended;
  },
);
