import {
  FilledPrompt,
  PromptList,
  ResourceContents,
  ResourceList,
  ServerToolList,
} from "@millrace/contracts";
import { createWorkerStore } from "@millrace/job-store/worker";
import { pino } from "pino";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer, stdioServer } from "../../../test/support/mcp-servers.ts";
import { startWorker, type TestWorker } from "../../../test/support/test-worker.ts";

const LIMIT_BYTES = 100_000;

let installation: Installation;
let client: HttpClient;
/** Has a server that the other worker does not have, so it must be the one that is asked. */
let second: TestWorker;

beforeAll(async () => {
  const servers = [
    fixtureServer("std", { resultLimitBytes: LIMIT_BYTES, denyTools: ["exit"] }),
    stdioServer("away", "/no/such/program"),
  ];
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers });
  client = installation.api.client;
  second = await startWorker([fixtureServer("only/second")], installation.environment);
  await client.untilConnected(2);
});
afterAll(async () => {
  await second.close();
  await installation.close();
});

function read(server: string, uri: string): Promise<Response> {
  const path = `/mcp/servers/${encodeURIComponent(server)}/resources/read?uri=${encodeURIComponent(uri)}`;
  return client.get(path);
}

async function contents(server: string, uri: string): Promise<ResourceContents["contents"]> {
  const response = await read(server, uri);
  expect(response.status).toBe(200);
  const body: unknown = await response.json();
  expect(ResourceContents.strict().parse(body)).toEqual(body);
  return (body as ResourceContents).contents;
}

test("[api.resources.list] lists a server's resources and its templates", async () => {
  const body = await client.read("/mcp/servers/std/resources");
  expect(ResourceList.strict().parse(body)).toEqual(body);
  expect(body).toMatchObject({
    resources: [
      {
        uri: "fixture://greeting",
        name: "greeting",
        title: null,
        description: null,
        mime_type: "text/plain",
      },
    ],
    resource_templates: expect.arrayContaining([
      {
        uri_template: "fixture://text/{bytes}",
        name: "text",
        title: "Text",
        description: "So many bytes of text",
        mime_type: "text/plain",
      },
    ]) as unknown,
    truncated: false,
  });
});

test("[api.prompts.list] lists a server's prompts with their arguments", async () => {
  const body = await client.read("/mcp/servers/std/prompts");
  expect(PromptList.strict().parse(body)).toEqual(body);
  expect(body).toEqual({
    prompts: [
      {
        name: "greet",
        title: "Greeting",
        description: "Greets somebody",
        arguments: [{ name: "who", description: null, required: true }],
      },
    ],
    truncated: false,
  });
});

test("[api.prompts.get] gives a prompt with its arguments filled in, through a worker", async () => {
  const ask = (prompt: string, body: unknown = {}, server = "std") =>
    client.post(`/mcp/servers/${encodeURIComponent(server)}/prompts/${prompt}`, body);
  for (const server of ["std", "only/second"]) {
    const response = await ask("greet", { arguments: { who: "Ada" } }, server);
    expect(response.status).toBe(200);
    const body: unknown = await response.json();
    expect(FilledPrompt.strict().parse(body)).toEqual({
      description: null,
      messages: [{ role: "user", content: { type: "text", text: "Greet Ada." } }],
    });
  }
  expect((await expectProblem(await ask("nothing"), "prompt_not_found")).detail).toContain("greet");
  await expectProblem(await ask("greet"), "prompt_refused");
  await expectProblem(await ask("greet", { arguments: { who: 1 } }), "invalid_request");
  await expectProblem(await ask("greet", {}, "nobody"), "server_not_found");
  await expectProblem(await ask("greet", {}, "away"), "prompt_not_found");
});

test("[api.tools.withheld] a server's tools are listed with those that nobody can use, and the reason", async () => {
  const body = await client.read<ServerToolList>("/mcp/servers/std/tools");
  expect(ServerToolList.strict().parse(body)).toEqual(body);
  expect(body.tools.map(({ tool_name }) => tool_name)).not.toContain("exit");
  expect(body.withheld).toEqual([
    { tool_name: "exit", reason: expect.stringContaining("deny_tools") as string },
  ]);
});

test("[api.resources.read] reads text and bytes through a worker that has the server", async () => {
  expect(await contents("std", "fixture://greeting")).toEqual([
    { uri: "fixture://greeting", mime_type: null, text: "hello", blob: null },
  ]);
  expect(await contents("only/second", "fixture://text/20000")).toEqual([
    { uri: "fixture://text/20000", mime_type: "text/plain", text: "x".repeat(20_000), blob: null },
  ]);
  const blob = Buffer.alloc(3_000_000).toString("base64");
  expect(await contents("only/second", "fixture://blob/3000000")).toEqual([
    { uri: "fixture://blob/3000000", mime_type: null, text: null, blob },
  ]);
});

test("[api.resources.unknown] a resource or a server that is not there is 404", async () => {
  const problem = await expectProblem(await read("std", "fixture://nothing"), "resource_not_found");
  expect(problem.detail).toContain("fixture://nothing");
  for (const path of ["resources", "prompts", "resources/read?uri=a:b", "tools?refresh=true"]) {
    const answer = await client.get(`/mcp/servers/nobody/${path}`);
    expect((await expectProblem(answer, "server_not_found")).detail).toContain("only/second");
  }
});

test("[api.resources.limit] a resource over the server's limit is refused, with both sizes", async () => {
  expect(await contents("std", "fixture://text/90000")).toHaveLength(1);
  const problem = await expectProblem(
    await read("std", `fixture://text/${LIMIT_BYTES}`),
    "resource_too_large",
  );
  expect(problem.detail).toContain(String(LIMIT_BYTES));
});

test("[api.resources.silent] a worker that gives no answer does not keep another from reading", async () => {
  const { REDIS_URL: redisUrl = "", REDIS_KEY_PREFIX: keyPrefix = "" } = installation.environment;
  const store = createWorkerStore({ redisUrl, keyPrefix, logger: pino({ level: "silent" }) });
  const registry = store.createRegistry({
    describe: () => ({
      host: "host",
      version: "1.0.0",
      started_at: "2026-01-01T00:00:00.000Z",
      concurrency: { tool: 0, chat: 0 },
      running: { tool: 0, chat: 0 },
      servers: { std: "connected" },
    }),
    reports: () => [],
  });
  try {
    // It has just been heard of, so it is the one that is asked first.
    await registry.join();
    expect(await contents("std", "fixture://greeting")).toHaveLength(1);
  } finally {
    await registry.leave();
    await store.close();
  }
});

test("[api.resources.away] a server that no worker has connected is 409", async () => {
  await expectProblem(await read("away", "fixture://greeting"), "server_unavailable");
});

test.for(["", "?uri=", "?uri=a:b&x=1", `?uri=${"x".repeat(9_000)}`, "?uri=%ff", "?uri=100%"])(
  "[api.resources.query] the malformed query %j is 400",
  async (query) => {
    const answer = await client.get(`/mcp/servers/std/resources/read${query}`);
    await expectProblem(answer, "invalid_query");
  },
);
