import { ReloadResponse, type WorkerReload } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startApi } from "../../../test/support/api-server.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { KeysFile, secretOf } from "../../../test/support/keys-file.ts";
import { fixtureEntry, McpFile } from "../../../test/support/mcp-file.ts";
import { logged, startProgram } from "../../../test/support/program.ts";
import type { TestWorker } from "../../../test/support/test-worker.ts";

const START = { same: fixtureEntry(), other: fixtureEntry() };

let installation: Installation;
let client: HttpClient;
let file: McpFile;
let workers: TestWorker[];

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl") });
  client = installation.api.client;
  file = await McpFile.unwatched(START);
  workers = await Promise.all([1, 2].map(() => file.startWorker(installation.environment)));
  await client.until<{ workers: unknown[] }>("/workers", (body) => body.workers.length === 2);
});
afterAll(async () => {
  for (const worker of workers) await worker.close();
  await file[Symbol.asyncDispose]();
  await installation.close();
});

async function reload(): Promise<WorkerReload[]> {
  const response = await client.post("/mcp/reload", {});
  expect(response.status).toBe(200);
  const body: unknown = await response.json();
  expect(ReloadResponse.strict().parse(body)).toEqual(body);
  return (body as { workers: WorkerReload[] }).workers;
}

/** Process ids of a server, one for each worker: jobs are asked until both have answered. */
async function pidsOf(server: string): Promise<string[]> {
  const pids = new Set<string>();
  while (pids.size < 2) {
    const jobs = await Promise.all(
      [1, 2, 3, 4].map(() => client.run({ server, tool: "processes", arguments: {} })),
    );
    for (const job of jobs) pids.add(String(job.result?.structured_content?.["pid"]));
  }
  return [...pids].toSorted();
}

function isRunning(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

test("[api.reload.fleet] every worker says what it did, and the lists are published when it answers", async () => {
  await file.write(START);
  await reload();
  const same = await pidsOf("same");
  await file.write({ same: fixtureEntry(), fresh: fixtureEntry([], { display_name: "Fresh" }) });
  const reports = await reload();
  const ids = (await client.read<{ workers: { id: string }[] }>("/workers")).workers.map(({ id }) => id);
  expect(reports.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  for (const report of reports) {
    expect(report).toMatchObject({
      added: ["fresh"],
      removed: ["other"],
      changed: [],
      unchanged: ["same"],
      errors: [],
    });
  }
  expect((await client.read<{ servers: object[] }>("/mcp/servers")).servers).toEqual([
    expect.objectContaining({ name: "fresh", display_name: "Fresh", workers: { connected: 2, total: 2 } }),
    expect.objectContaining({ name: "same", status: "connected" }),
  ]);
  expect(await pidsOf("same")).toEqual(same);
});

test("[api.reload.unchanged] the same file changes nothing", async () => {
  await file.write(START);
  await reload();
  for (const report of await reload()) {
    expect(report).toMatchObject({ added: [], removed: [], changed: [], unchanged: ["same", "other"] });
  }
});

test("[api.reload.calls] a job in flight finishes on the server that a reload takes away", async () => {
  await file.write(START);
  await reload();
  const job = await client.submit({ server: "other", tool: "wait", arguments: { ms: 1_500 } });
  await using stream = await client.events(job.id);
  await stream.untilType("job.started");
  await file.write({ same: fixtureEntry() });
  expect((await reload())[0]?.removed).toEqual(["other"]);
  await stream.untilType("job.completed");
});

test.for([
  ["mcp_servers.other.transport_type", { other: { transport_type: "carrier-pigeon" } }],
  ["mcp_servers.same.colour", { same: fixtureEntry([], { colour: "red" }) }],
] as const)(
  "[api.reload.invalid] an invalid file is 422 with the path %s, and changes nothing",
  async ([path, wrong]) => {
    await file.write(START);
    await reload();
    const before = await pidsOf("same");
    await file.write({ ...START, ...wrong });
    const problem = await expectProblem(await client.post("/mcp/reload", {}), "config_invalid");
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    expect(problem.detail).toContain(path);
    expect(await client.read("/mcp/health")).toEqual({ health: { other: true, same: true } });
    expect(await pidsOf("same")).toEqual(before);
  },
);

test("[api.reload.invalid] a file that is no JSON is 422 with the place, and changes nothing", async () => {
  await file.write(START);
  await reload();
  await file.writeText('{"mcp_servers": {');
  const problem = await expectProblem(await client.post("/mcp/reload", {}), "config_invalid");
  expect(problem.detail).toContain("line 1 column");
  expect(await client.read("/mcp/health")).toEqual({ health: { other: true, same: true } });
});

test("[api.reload.invalid.visible] a key hears only of the servers that it may use", async () => {
  await using keys = await KeysFile.unwatched({ narrow: { servers: ["same"] }, wide: {} });
  await using api = await startApi({ ...installation.environment, API_KEYS_FILE: keys.path });
  const narrow = api.client.as(secretOf("narrow"));
  await file.write({ same: fixtureEntry([], { colour: 1 }), other: fixtureEntry([], { bogus: 1 }) });
  const problem = await expectProblem(await narrow.post("/mcp/reload", {}), "config_invalid");
  expect(problem.errors).toEqual([{ path: "mcp_servers.same.colour", message: "unknown key" }]);
  expect(problem.detail).not.toMatch(/other|bogus|\/tmp/);
  await file.writeText("{");
  const broken = await expectProblem(await narrow.post("/mcp/reload", {}), "config_invalid");
  expect(broken.detail).toContain("one that may use every server");
  expect(broken.detail).not.toContain(file.path);
  await file.write(START);
  await keys.write({ narrow: { servers: ["same"] }, wide: { colour: 1 } });
  const refused = await expectProblem(await narrow.post("/mcp/reload", {}), "config_invalid");
  expect(JSON.stringify(refused)).not.toMatch(/wide|colour|\/tmp/);
});

test("[api.reload.errors] a new server that cannot start is named, and harms no other", async () => {
  const broken = { transport_type: "stdio", config: { command: "/no/such/program" } };
  await file.write({ ...START, broken });
  for (const { added, errors } of await reload()) {
    expect(added).toContain("broken");
    const message = expect.stringContaining("/no/such/program") as string;
    expect(errors).toEqual([{ server: "broken", message }]);
  }
  expect(await client.read("/mcp/health")).toMatchObject({
    health: { other: true, same: true, broken: false },
  });
});

test("[api.reload.many] many reloads in a row leave one process for each worker", async () => {
  const rounds = process.env["MILLRACE_TEST_SIZE"] === "full" ? 20 : 6;
  const seen = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    await file.write({ same: fixtureEntry(), other: fixtureEntry(round % 2 === 0 ? ["--noise"] : []) });
    await reload();
    const job = await client.run({ server: "other", tool: "processes", arguments: {} });
    seen.add(String(job.result?.structured_content?.["pid"]));
  }
  const last = await pidsOf("other");
  expect(seen.size).toBe(rounds);
  const old = [...seen].filter((pid) => !last.includes(pid));
  await vi.waitFor(() => expect(old.filter(isRunning)).toEqual([]), { timeout: 10_000 });
}, 120_000);

test("[api.reload.dead] a worker that dies meanwhile is reported, and not waited for beyond 15 s", async () => {
  await file.write(START);
  await reload();
  await using own = await McpFile.unwatched({});
  await using program = startProgram("worker", { ...installation.environment, MCP_CONFIG_FILE: own.path });
  const { worker_id } = await logged(program, ({ msg }) => msg === "Taking jobs");
  await own.write({ slow: fixtureEntry(["--hang-initialize"]) });
  const startedAt = performance.now();
  const reloading = reload();
  const reloads = logged(
    program,
    ({ msg, line }) => msg === "MCP server stderr" && line === "fixture: never answers",
  );
  const killed = reloads.then(() => process.kill(program.pid, "SIGKILL"));
  // Whichever comes first: a worker that never began to reload says so in its answer.
  await Promise.race([killed, reloading]);
  const reports = await reloading;
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(reports).toHaveLength(3);
  for (const { id, errors, unchanged } of reports) {
    if (id === worker_id) expect(errors).toMatchObject([{ server: null }]);
    else expect([errors, unchanged]).toEqual([[], ["same", "other"]]);
  }
});

test("[api.reload.nobody] without a worker there is nothing to reload, and that is said", async () => {
  await using alone = await startInstallation({ redisUrl: inject("redisUrl") });
  const response = await alone.api.client.post("/mcp/reload", {});
  expect(await response.json()).toEqual({
    message: expect.stringContaining("No worker") as string,
    workers: [],
  });
});
