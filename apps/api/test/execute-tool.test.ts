import { ExecuteResponse, type Server, type Tool } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { logOf } from "../../../test/support/chat-jobs.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const PATIENCE = { timeout: 20_000 };

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  const resting = fixtureServer("resting", { lifecycle: "lazy", idleTimeoutMs: 50 });
  const servers = [fixtureServer(), fixtureServer("odd/name"), resting];
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers });
  client = installation.api.client;
  const isResting = ({ name, status, available_tools: tools }: Server) =>
    name === "resting" && status === "disconnected" && tools.length > 0;
  await client.until<{ servers?: Server[] }>("/mcp/servers", ({ servers: known = [] }) =>
    known.some(isResting),
  );
  await client.untilConnected(2);
});
afterAll(() => installation.close());

test("[api.fleet.health.resting] a lazy server that rests without an error is well", async () => {
  const { health } = await client.read<{ health: Record<string, boolean> }>("/mcp/health");
  expect(health["resting"]).toBe(true);
});

function execute(server: string, tool: string, body: unknown = {}): Promise<Response> {
  return client.post(`/mcp/servers/${server}/tools/${tool}/execute`, body);
}

async function answer(response: Response): Promise<ExecuteResponse> {
  expect(response.status).toBe(200);
  const body: unknown = await response.json();
  expect(ExecuteResponse.strict().parse(body)).toEqual(body);
  return body as ExecuteResponse;
}

test("[api.execute] answers 200 with what the tool answered, and the job that did it", async () => {
  const body = await answer(await execute("fixture", "add", { arguments: { a: 2, b: 3 } }));
  expect(body).toMatchObject({
    success: true,
    content: [{ type: "text", text: "5" }],
    structured_content: { sum: 5 },
    error: null,
  });
  expect(body.execution_time_ms).toBeGreaterThanOrEqual(0);
  const job = await client.job(body.job_id);
  expect(job).toMatchObject({ status: "completed", request: { server: "fixture", tool: "add" } });
});

test("[api.execute] arguments may be left out", async () => {
  expect(await answer(await execute("fixture", "stats"))).toMatchObject({ success: true });
});

test("[api.execute] takes names with other characters, and the unified name", async () => {
  const { tools } = await client.read<{ tools: Tool[] }>("/mcp/tools");
  const unified = tools.find((tool) => tool.server_name === "odd/name" && tool.tool_name === "echo");
  for (const name of ["echo", unified?.name ?? ""]) {
    const body = await answer(await execute("odd%2Fname", name, { arguments: { text: "x" } }));
    expect(body.content).toEqual([{ type: "text", text: "x" }]);
  }
});

test("[api.execute.failure] answers 200 also when the tool failed, with success false", async () => {
  const body = await answer(await execute("fixture", "fail"));
  expect(body).toMatchObject({
    success: false,
    content: [{ type: "text", text: "this tool always fails" }],
    error: "this tool always fails",
  });
  expect((await client.job(body.job_id)).error?.code).toBe("tool_error");
});

test("[api.execute.failure] a call that gave no result has neither content nor a time", async () => {
  const body = await answer(await execute("fixture", "reject"));
  expect(body).toMatchObject({ success: false, content: [], execution_time_ms: null });
  expect(body.error).toContain("open the page first");
});

test("[api.execute.cancelled] a call that somebody cancels says so", async () => {
  const before = await client.newestJobId();
  const answered = execute("fixture", "wait", { arguments: { ms: 60_000 } });
  const id = await vi.waitFor(async () => {
    const newest = await client.newestJobId();
    expect(newest).not.toBe(before);
    return newest;
  }, PATIENCE);
  expect((await client.post(`/jobs/${id}/cancel`, {})).status).toBeLessThan(300);
  expect(await answer(await answered)).toMatchObject({
    success: false,
    error: "The call was cancelled.",
    job_id: id,
  });
});

test("[api.execute.unknown] answers 404 for a server that the fleet does not have, and names those it has", async () => {
  const problem = await expectProblem(await execute("filesytem", "read"), "server_not_found");
  expect(problem.detail).toContain("fixture");
});

test("[api.execute.unknown] answers 404 for a tool that the server does not have, and names those it has", async () => {
  const problem = await expectProblem(await execute("fixture", "ecko"), "tool_not_found");
  expect(problem.detail).toContain("echo");
});

test.for([
  [{ text: 7 }, "arguments.text"],
  [{}, "arguments.text"],
  [{ text: null }, "arguments.text"],
] as const)("[api.execute.arguments] answers 422 with a path for %j", async ([given, path]) => {
  const problem = await expectProblem(
    await execute("fixture", "echo", { arguments: given }),
    "invalid_arguments",
  );
  expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  expect(problem.detail).toContain(path);
});

test("[api.execute.arguments] answers 422 for a body that is no ExecuteRequest", async () => {
  for (const [body, path] of [
    [{ arguments: [] }, "arguments"],
    [{ arguments: null }, "arguments"],
    [{ args: {} }, "args"],
    [[], ""],
    [null, ""],
  ] as const) {
    const problem = await expectProblem(await execute("fixture", "stats", body), "invalid_request");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
  }
});

test("[api.execute.arguments] what a refused call asked for is not done", async () => {
  const before = await client.newestJobId();
  await execute("fixture", "echo", { arguments: { text: 7 } });
  await execute("fixture", "ecko");
  expect(await client.newestJobId()).toBe(before);
});

test("[api.tools.resting] the tools and arguments of a server that rests are checked as those of any other", async () => {
  await expectProblem(await execute("resting", "ecko"), "tool_not_found");
  const submit = (call: object) => client.post("/jobs", { type: "tool", ...call });
  await expectProblem(await submit({ server: "resting", tool: "ecko" }), "unknown_tool");
  const wrong = { server: "resting", tool: "echo", arguments: { text: 7 } };
  await expectProblem(await submit(wrong), "invalid_arguments");
  const ambiguous = await expectProblem(await submit({ tool: "add" }), "ambiguous_tool");
  expect(ambiguous.detail).toContain("resting__add");
  const job = await client.run({ server: "resting", tool: "echo", arguments: { text: "awake" } });
  expect(job.status).toBe("completed");
});

test("[api.jobs.progress] a tool job's events tell the progress of its call, the last report before its end", async () => {
  const job = await client.run({ tool: "fixture__progress", arguments: { steps: 3 } });
  const events = await logOf(client, job);
  expect(events.filter(({ type }) => type === "tool.progress").at(-1)).toMatchObject({
    tool_call_id: "call_1",
    tool: "fixture__progress",
    progress: 3,
    total: 3,
    message: "step 3",
  });
  expect(events.at(-1)?.type).toBe("job.completed");
});
