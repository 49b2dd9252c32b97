import { MODERN_STDIO_PROGRAM } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { batchOf, batchResults, untilBatchEnds } from "../../../test/support/batches.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { stdioServer } from "../../../test/support/mcp-servers.ts";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  const servers = [stdioServer("told", process.execPath, [MODERN_STDIO_PROGRAM])];
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

const meta = { type: "tool", server: "told", tool: "meta" };
const withTrace = { traceparent: TRACEPARENT, prefer: "wait=20" };

test.each([
  ["POST /jobs", "/jobs", meta],
  ["the execute route", "/mcp/servers/told/tools/meta/execute", {}],
  ["POST /chat", "/chat", { message: "told__meta" }],
])("[trace.job] the traceparent of %s reaches the tool", async (_route, path, body) => {
  const response = await client.post(path, body, withTrace);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain(TRACEPARENT);
});

test("[trace.batch] the traceparent of an upload reaches the tool for every line, and a malformed one is refused", async () => {
  const lines = [meta, { type: "chat", message: "told__meta" }];
  const { id } = await batchOf(await client.post("/batches", lines, { traceparent: TRACEPARENT }));
  await untilBatchEnds(client, id);
  const results = await batchResults(client, id);
  const traced = results.filter((result) => JSON.stringify(result).includes(TRACEPARENT));
  expect(traced).toHaveLength(2);
  await expectProblem(
    await client.post("/batches", lines, { traceparent: "00-abc-def-01" }),
    "invalid_header",
  );
});

test("[trace.job] no reader is shown the trace, and a job without one carries none", async () => {
  const response = await client.post("/jobs", meta, withTrace);
  const { id } = (await response.json()) as { id: string };
  const page = await client.get(`/jobs/${id}/events`, { accept: "application/json" });
  const { events } = (await page.json()) as { events: object[] };
  expect(events[0]).toMatchObject({ type: "job.queued", request: meta });
  expect(events[0]).not.toHaveProperty("traceparent");
  const untraced = await client.run({ server: "told", tool: "meta" });
  expect(untraced.status).toBe("completed");
  expect(JSON.stringify(untraced.result)).not.toContain("traceparent");
});

test("[trace.bad] a malformed traceparent is refused, and nothing is submitted", async () => {
  const response = await client.post("/jobs", meta, { traceparent: "00-abc-def-01", "idempotency-key": "t" });
  await expectProblem(response, "invalid_header");
  const repeated = await client.post("/jobs", meta, { "idempotency-key": "t", prefer: "wait=20" });
  expect(repeated.status).toBe(200);
  expect(await repeated.text()).not.toContain("00-abc-def-01");
});
