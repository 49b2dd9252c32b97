import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, inject, test } from "vitest";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const JOBS = FULL ? 100_000 : 1_500;
/** Caches fill and code is compiled in these, which count for nothing. */
const WARM_UP_JOBS = FULL ? 20_000 : 1_000;
const IN_FLIGHT = 50;
/** What a heap that does not grow still varies by. Half a KiB left behind by each job is more. */
const GROWTH_BYTES_MAX = (FULL ? 40 : 1.25) * 1_024 * 1_024;
/** What a job leaves behind grows in every round; what happens once beside it, such as a late compilation, does not. */
const ROUNDS_MAX = 3;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Live memory of this process, which is api, worker and client in one. */
function liveBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Half of the jobs are waited for, half are followed as a stream. */
async function runJobs(client: HttpClient, count: number): Promise<void> {
  const body = { type: "tool", tool: "fixture__echo", arguments: { text: "hello" }, retention_seconds: 30 };
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const waited: Record<string, string> = { prefer: "wait=30" };
      const headers = next % 2 === 0 ? waited : { accept: "text/event-stream" };
      const response = await client.post("/jobs", body, headers);
      expect(await response.text()).toContain('"status":"completed"');
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

test(
  "[api.memory] what is alive does not grow with the jobs that have passed",
  async () => {
    await using installation = await startInstallation({
      redisUrl: inject("redisUrl"),
      servers: [fixtureServer()],
      api: { LOG_LEVEL: "warn" },
      worker: { LOG_LEVEL: "warn" },
    });
    const { client } = installation.api;
    await client.untilConnected(1);
    await runJobs(client, WARM_UP_JOBS);
    let growth = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS_MAX && growth >= GROWTH_BYTES_MAX; round += 1) {
      const before = liveBytes();
      await runJobs(client, JOBS);
      growth = liveBytes() - before;
    }
    expect(growth, `${Math.round(growth / 1_024)} KiB over ${JOBS} jobs`).toBeLessThan(GROWTH_BYTES_MAX);
  },
  FULL ? 3_600_000 : 180_000,
);
