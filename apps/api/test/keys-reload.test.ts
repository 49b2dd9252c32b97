import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startApi, type ApiServer } from "../../../test/support/api-server.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { KeysFile, secretOf } from "../../../test/support/keys-file.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { startWorker } from "../../../test/support/test-worker.ts";

const PATIENCE = { timeout: 20_000 };

const parts = new AsyncDisposableStack();
let installation: Installation;
let file: KeysFile;
let apis: ApiServer[];

beforeAll(async () => {
  installation = parts.use(await startInstallation({ redisUrl: inject("redisUrl") }));
  file = parts.use(await KeysFile.unwatched({ alice: {} }));
  const environment = { ...installation.environment, API_KEYS: "ops:ops-secret", API_KEYS_FILE: file.path };
  apis = [parts.use(await startApi(environment)), parts.use(await startApi(environment))];
});
afterAll(() => parts.disposeAsync());

function client(name: string): HttpClient {
  const [first] = apis;
  if (!first) throw new Error("no api");
  return first.client.as(secretOf(name));
}

/** What each api answers to a key. */
async function statuses(name: string): Promise<number[]> {
  const answers = apis.map((api) => api.client.as(secretOf(name)).get("/keys/me"));
  return (await Promise.all(answers)).map(({ status }) => status);
}

test("[api.keys.reload] every api follows a reload of one of them; a key that has gone is refused", async () => {
  await file.write({ alice: {} });
  expect((await client("ops").post("/mcp/reload", "")).status).toBe(200);
  await vi.waitFor(async () => expect(await statuses("alice")).toEqual([200, 200]), PATIENCE);
  await file.write({ bob: { weight: 2 } });
  expect((await client("ops").post("/mcp/reload", "")).status).toBe(200);
  await vi.waitFor(async () => expect(await statuses("bob")).toEqual([200, 200]), PATIENCE);
  expect(await statuses("alice")).toEqual([401, 401]);
  expect(await statuses("ops")).toEqual([200, 200]);
});

test("[api.keys.reload.invalid] a file that is not right changes nothing, and the answer names its paths", async () => {
  await file.write({ carol: {} });
  await client("ops").post("/mcp/reload", "");
  await vi.waitFor(async () => expect(await statuses("carol")).toEqual([200, 200]), PATIENCE);
  await file.write({ dave: { colour: 1 } });
  const problem = await expectProblem(await client("ops").post("/mcp/reload", ""), "config_invalid");
  expect(problem.errors).toEqual([{ path: "keys.dave.colour", message: "unknown key" }]);
  expect(await statuses("carol")).toEqual([200, 200]);
  expect(await statuses("dave")).toEqual([401, 401]);
});

test("[api.keys.reload] an api notices by itself that its file has changed", async () => {
  await using watched = await KeysFile.create({ alice: {} });
  await using api = await startApi({ ...installation.environment, API_KEYS_FILE: watched.path });
  await watched.write({ eve: {} });
  await vi.waitFor(async () => {
    expect((await api.client.as(secretOf("eve")).get("/keys/me")).status).toBe(200);
  }, PATIENCE);
});

test("[api.keys.tools.worker] the worker refuses what the api could not judge", async () => {
  await using own = await KeysFile.create({ narrow: { servers: ["fixture"], tools: ["fixture__echo"] } });
  await using fresh = await startInstallation({
    redisUrl: inject("redisUrl"),
    api: { API_KEYS_FILE: own.path },
  });
  const narrow = fresh.api.client.as(secretOf("narrow"));

  const requests = [
    { server: "fixture", tool: "echo" },
    { tool: "fixture__echo" },
    { tool: "echo" },
    { server: "other", tool: "echo" },
    { tool: "other__echo" },
    { server: "fixture", tool: "add" },
  ];
  // No worker has reported, so all are taken.
  const jobs = await Promise.all(
    requests.map((request) => narrow.submit({ ...request, arguments: { text: "x" } })),
  );
  await using worker = await startWorker([fixtureServer(), fixtureServer("other")], fresh.environment);
  expect(worker.log.lines.length).toBeGreaterThan(0);
  const ended = await Promise.all(
    jobs.map(({ id }) =>
      narrow.until<{ finished_at: string | null; error: { code: string; message: string } | null }>(
        `/jobs/${id}?wait=20`,
        ({ finished_at: finishedAt }, status) => status === 200 && finishedAt !== null,
      ),
    ),
  );
  const codes = ended.map(({ error }) => error?.code ?? null);
  expect(codes).toEqual([null, null, null, "unknown_server", "unknown_tool", "unknown_tool"]);
  expect(ended[3]?.error?.message).toContain("Servers: fixture.");
});
