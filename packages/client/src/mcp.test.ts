import { expect, test } from "vitest";
import { createClient } from "./index.ts";

test("[client.mcp.execute] a call that takes long and is cancelled meanwhile says so", async () => {
  const job = { id: "job_1", type: "tool", result: null, error: null };
  const client = createClient({
    url: "http://api",
    fetch: (_url, init) =>
      Promise.resolve(
        init?.method === "POST"
          ? Response.json({ ...job, status: "running" }, { status: 202 })
          : Response.json({ ...job, status: "cancelled" }),
      ),
  });
  expect(await client.mcp.executeTool("fixture", "wait")).toEqual({
    success: false,
    content: [],
    structured_content: null,
    error: "The call was cancelled.",
    execution_time_ms: null,
    job_id: "job_1",
  });
});
