import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { startTcpProxy } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { runHere } from "./support/run-here.ts";
import { runCli, type Ended } from "./support/start-cli.ts";

const SECRET = "cli-secret";

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 });

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), api: { API_KEYS: `me:${SECRET}` } });
});
afterAll(async () => {
  await installation.close();
});

/** A failure says why on one line of stderr, and nothing on stdout. */
function expectFailure({ code, stdout, stderr }: Ended) {
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^millrace: .+\n$/);
  return { code, stderr };
}

test("[cli.errors.no_server] without a server the error names the URL and how to start one", async () => {
  // A port that was free a moment ago.
  const proxy = await startTcpProxy({ host: "127.0.0.1", port: 1 });
  const url = `http://127.0.0.1:${proxy.port}`;
  await proxy.close();
  const { code, stderr } = expectFailure(await runCli(["servers"], { url }));
  expect(code).toBe(3);
  expect(stderr).toContain(url);
  expect(stderr).toContain("npm start");
});

test("[cli.errors.key] a missing or wrong key is told with the variable that holds it, and never repeated", async () => {
  const { url } = installation.api;
  const missing = expectFailure(await runHere(["workers"], url));
  expect(missing).toEqual({ code: 2, stderr: expect.stringContaining("MILLRACE_API_KEY") as string });
  const wrong = expectFailure(await runHere(["workers", "--api-key", "wrong-secret"], url));
  expect(wrong.stderr).not.toContain("wrong-secret");
  const unusable = expectFailure(await runHere(["workers"], url, { MILLRACE_API_KEY: "un usable" }));
  expect(unusable.stderr).not.toContain("un usable");
  const environment = { MILLRACE_API_KEY: SECRET };
  expect(await runCli(["workers"], { url, environment })).toEqual({ code: 0, stdout: "", stderr: "" });
  const help = await runCli(["--help"], { url, environment });
  expect(help.stdout).toContain("millrace COMMAND");
  expect(help.stdout).not.toContain(SECRET);
});

test("[cli.errors.refused] what the api refuses is told on one line with its code", async () => {
  const job = await runHere(["jobs", "show", "job_none", "--api-key", SECRET], installation.api.url);
  expect(expectFailure(job)).toEqual({
    code: 2,
    stderr: expect.stringContaining("(job_not_found)") as string,
  });
});

test("[cli.help] every command has help with its options, as wide as the terminal", async () => {
  const { stdout } = await runCli(["--help"], { url: installation.api.url });
  const commands = [...stdout.matchAll(/^ {2}millrace ([a-z]+)/gm)].map(([, name = ""]) => name);
  expect(commands).toEqual(
    expect.arrayContaining([
      "tool",
      "chat",
      "batch",
      "jobs",
      "approve",
      "servers",
      "tools",
      "workers",
      "schedules",
      "completion",
    ]),
  );
  for (const command of ["tool", "jobs"]) {
    const help = await runCli([command, "--help"], { url: installation.api.url });
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain(`millrace ${command}`);
    expect(Math.max(...help.stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  }
});

test("[cli.errors.input] a chat without a message says how to write one", async () => {
  const { code, stderr } = expectFailure(await runCli(["chat"], { url: installation.api.url }));
  expect(code).toBe(2);
  expect(stderr).toContain("Write a message");
});

test("[cli.completion] prints a script for the shell, which asks for commands and options", async () => {
  const { stdout } = await runCli(["completion"], { url: installation.api.url });
  expect(stdout).toContain("complete");
  const words = await runCli(["--get-yargs-completions", "millrace", "jobs", ""], {
    url: installation.api.url,
  });
  expect(words.stdout.split("\n")).toEqual(expect.arrayContaining([expect.stringMatching(/^watch/)]));
});

/** A Node of this machine that runs no TypeScript. */
const oldNode = (process.env["PATH"] ?? "")
  .split(delimiter)
  .concat("/usr/bin", "/usr/local/bin")
  .map((place) => join(place, "node"))
  .find((path) => existsSync(path) && isOld(execFileSync(path, ["--version"]).toString()));

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
  return major < 22 || (major === 22 && minor < 18);
}

const title = oldNode ? "" : " (left out: this machine has none)";

test.skipIf(!oldNode)(`[cli.node] an older Node hands over to the project's own${title}`, async () => {
  const run = await runCli(["--version"], { url: installation.api.url, node: oldNode ?? "" });
  expect(run).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
  const failed = await runCli(["nonsense"], { url: installation.api.url, node: oldNode ?? "" });
  expect(failed.code).toBe(2);
});
