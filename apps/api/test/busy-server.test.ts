import { expect, inject, test } from "vitest";
import { jobOf } from "../../../test/support/http-client.ts";
import { startInstallation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

test("[api.jobs.busy_server] waiting for a busy server does not use up a job's time", async () => {
  await using installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer("fixture", { maxConcurrentTools: 1 })],
  });
  const { client } = installation.api;
  await client.untilConnected(1);
  // Each takes a small part of its time, one after the other: the last one waits for longer than its time.
  const request = { tool: "fixture__wait", arguments: { ms: 400 }, timeout_ms: 2_000 };
  const jobs = await Promise.all(Array.from({ length: 7 }, () => client.run(request)));
  expect(jobs.map((job) => job.error)).toEqual(jobs.map(() => null));

  const tooSlow = await client.post(
    "/jobs",
    { type: "tool", ...request, arguments: { ms: 60_000 } },
    { prefer: "wait=20" },
  );
  expect((await jobOf(tooSlow)).error?.code).toBe("timeout");
});
