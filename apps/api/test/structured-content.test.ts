import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ODD_TOOLS_PROGRAM } from "@millrace/testing";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { stdioServer } from "../../../test/support/mcp-servers.ts";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  const servers = [stdioServer("odd", process.execPath, [ODD_TOOLS_PROGRAM])];
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

test("[api.result.misfit] a finished job keeps structured content that does not fit its schema, and says where", async () => {
  const response = await client.post("/mcp/servers/odd/tools/liar/execute", {});
  const { job_id, structured_content } = (await response.json()) as Record<string, unknown>;
  expect(structured_content).toEqual({ count: "three" });
  expect(await client.job(String(job_id))).toMatchObject({
    status: "completed",
    result: {
      structured_content: { count: "three" },
      structured_content_errors: [{ path: "structured_content.count", message: "must be number" }],
    },
  });
});
