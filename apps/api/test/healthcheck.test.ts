import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { startInstallation } from "./support/installation.ts";
import { fixtureServer } from "./support/mcp-servers.ts";

const PROGRAM = fileURLToPath(new URL("../../worker/src/healthcheck.ts", import.meta.url));

/** Its exit status. */
async function check(environment: Record<string, string>): Promise<number> {
  const run = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] ?? "" };
  const child = spawn(process.execPath, [PROGRAM], { env: { ...run, ...environment }, stdio: "ignore" });
  const [status] = (await once(child, "close")) as [number];
  return status;
}

test("[worker.health] a container's check tells whether its worker is in the fleet", async () => {
  await using installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
  });
  const { environment } = installation;
  const [here, elsewhere] = await Promise.all([
    check(environment),
    check({ ...environment, REDIS_KEY_PREFIX: "nobody" }),
  ]);
  expect({ here, elsewhere }).toEqual({ here: 0, elsewhere: 1 });
}, 60_000);
