import { expect, inject, test } from "vitest";
import { startInstallation } from "../../../test/support/installation.ts";

test("[timeouts.queue.no_worker] a job that waits too long fails also where there is no worker at all", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  const { client } = installation.api;
  const request = { type: "tool", server: "any", tool: "echo", arguments: {}, queue_timeout_ms: 100 };
  const response = await client.post("/jobs", request, { prefer: "wait=20" });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: "failed", error: { code: "queue_timeout" } });
});
