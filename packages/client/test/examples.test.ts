import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { stdioServer } from "../../../test/support/mcp-servers.ts";

// On a busy machine a program may take its time.
vi.setConfig({ testTimeout: 120_000 });

const PROJECT = join(import.meta.dirname, "../../..");
const SECRET = "example-secret";
const run = promisify(execFile);

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [stdioServer("everything", "mcp-server-everything")],
    api: { API_KEYS: `me:${SECRET}` },
  });
  await installation.api.client.as(SECRET).untilConnected(1);
});
afterAll(() => installation.close());

/** Runs an example as a user does, and returns what it prints. */
async function output(command: string, file: string): Promise<string> {
  const { PATH = "", MILLRACE_TEST_RUN = "" } = process.env;
  const env = { PATH, MILLRACE_TEST_RUN, MILLRACE_URL: installation.api.url, MILLRACE_API_KEY: SECRET };
  return (await run(command, [join("examples", file)], { cwd: PROJECT, env })).stdout;
}

const missing = ["bash", "curl", "python3"].filter((name) => spawnSync(name, ["--version"]).status !== 0);

function without(...commands: string[]): string {
  const gone = commands.filter((name) => missing.includes(name));
  return gone.length === 0 ? "" : ` (left out: this machine has no ${gone.join(" and no ")})`;
}

test("[examples.typescript] the TypeScript example runs a tool, a chat and a batch", async () => {
  const printed = await output(process.execPath, "jobs.ts");
  expect(printed).toContain("tool: completed The sum of 1 and 2 is 3.");
  expect(printed).toContain('chat calls: everything__get-sum {"a":3,"b":4}');
  expect(printed).toContain("chat: completed 1 tool call(s)");
  expect(printed.match(/^batch: double-\d completed The sum of \d and \d is \d+\.$/gm)).toHaveLength(5);
});

test.skipIf(without("bash", "curl"))(
  `[examples.bash] so does the one in bash with curl${without("bash", "curl")}`,
  async () => {
    const printed = await output("bash", "jobs.sh");
    expect(printed).toMatch(/^tool:\n\{.*"status":"completed".*The sum of 1 and 2 is 3/);
    expect(printed).toMatch(/event: tool\.called\n[^]*event: job\.completed\n/);
    expect(printed.match(/"custom_id":"double-\d".*"status":"completed"/g)).toHaveLength(5);
  },
);

test.skipIf(without("python3"))(
  `[examples.python] so does the one in Python${without("python3")}`,
  async () => {
    const printed = await output("python3", "jobs.py");
    expect(printed).toContain("tool: completed The sum of 1 and 2 is 3.");
    expect(printed).toContain('chat calls: everything__get-sum {"a": 3, "b": 4}');
    expect(printed).toContain("chat: completed");
    expect(printed.match(/^batch: double-\d completed The sum of \d and \d is \d+\.$/gm)).toHaveLength(5);
  },
);
