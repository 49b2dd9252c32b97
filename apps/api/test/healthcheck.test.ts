import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { startInstallation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const PROGRAM = fileURLToPath(new URL("../../worker/src/healthcheck.ts", import.meta.url));

/** Its exit status, and what it says. */
async function check(environment: Record<string, string>): Promise<{ status: number; stderr: string }> {
  const run = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] ?? "" };
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...run, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [stderr, [status]] = await Promise.all([
    text(child.stderr),
    once(child, "close") as Promise<[number]>,
  ]);
  return { status, stderr };
}

test("[worker.health] a container's check tells whether its worker is in the fleet", async () => {
  await using installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
  });
  const { environment } = installation;
  const [here, elsewhere, wrong] = await Promise.all([
    check(environment),
    check({ ...environment, REDIS_KEY_PREFIX: "nobody" }),
    check({ ...environment, TOOL_CONCURRENCY: "many" }),
  ]);
  expect([here.status, elsewhere.status, wrong.status]).toEqual([0, 1, 1]);
  expect(wrong.stderr).toMatch(/^The environment is not right:\n {2}TOOL_CONCURRENCY: .*\n$/);
});
