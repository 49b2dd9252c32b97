import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";

/** Every route that is served, but for the documentation itself. */
const ROUTES = [
  "delete /schedules/{id}",
  "get /batches",
  "get /batches/{id}",
  "get /batches/{id}/events",
  "get /batches/{id}/results",
  "get /health/live",
  "get /health/ready",
  "get /jobs",
  "get /jobs/{id}",
  "get /jobs/{id}/deliveries",
  "get /jobs/{id}/events",
  "get /keys/me",
  "get /mcp/health",
  "get /mcp/servers",
  "get /mcp/servers/{server}/prompts",
  "get /mcp/servers/{server}/resources",
  "get /mcp/servers/{server}/resources/read",
  "get /mcp/servers/{server}/tools",
  "get /mcp/tools",
  "get /metrics",
  "get /models",
  "get /schedules",
  "get /schedules/{id}",
  "get /workers",
  "post /batches",
  "post /batches/{id}/cancel",
  "post /chat",
  "post /jobs",
  "post /jobs/retry",
  "post /jobs/{id}/approvals/{call}",
  "post /jobs/{id}/cancel",
  "post /jobs/{id}/deliveries/{n}/replay",
  "post /jobs/{id}/retry",
  "post /mcp/reload",
  "post /mcp/servers/{server}/prompts/{prompt}",
  "post /mcp/servers/{server}/tools/{tool}/execute",
  "post /schedules/{id}/pause",
  "post /schedules/{id}/resume",
  "put /schedules/{id}",
];

type Content = Record<string, { schema: object }>;

interface Operation {
  summary?: string;
  tags?: string[];
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; headers?: object; content?: Content }>;
}

interface Specification {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
  security: object[];
}

let installation: Installation;
let client: HttpClient;
let specification: Specification;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), api: { API_KEYS: "someone:key" } });
  client = installation.api.client;
  specification = await client.read<Specification>("/openapi.json");
});
afterAll(() => installation.close());

function operations(): { path: string; route: string; operation: Operation }[] {
  return Object.entries(specification.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, route: `${method} ${path}`, operation })),
  );
}

/** Every object in a JSON value. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  yield value as Record<string, unknown>;
  for (const part of Object.values(value)) yield* objectsIn(part);
}

function lookUp(reference: string): unknown {
  return reference
    .slice("#/".length)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], specification);
}

test("[api.openapi] describes every route", () => {
  expect(specification.openapi).toBe("3.1.0");
  expect(
    operations()
      .map(({ route }) => route)
      .toSorted(),
  ).toEqual(ROUTES);
});

test("[api.openapi] every reference leads to something", () => {
  const references = [...objectsIn(specification)].flatMap(({ $ref }) =>
    typeof $ref === "string" ? [$ref] : [],
  );
  expect(references.length).toBeGreaterThan(20);
  expect(references.filter((reference) => !reference.startsWith("#/"))).toEqual([]);
  expect(references.filter((reference) => lookUp(reference) === undefined)).toEqual([]);
});

test("[api.openapi] every schema is a valid JSON Schema", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ ...specification, $id: "specification" });
  for (const name of Object.keys(specification.components.schemas)) {
    expect(() => ajv.compile({ $ref: `specification#/components/schemas/${name}` }), name).not.toThrow();
  }
});

test("[api.openapi] every operation tells its summary, its parameters and its problems", () => {
  for (const { path, route, operation } of operations()) {
    expect(operation.summary, route).toMatch(/\w/);
    expect(operation.tags, route).toHaveLength(1);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const described = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect(described.map(({ name }) => name).toSorted(), route).toEqual(inPath.toSorted());
    for (const { schema, required } of described) expect([required, typeof schema]).toEqual([true, "object"]);
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description, `${route} ${status}`).toMatch(/\w/);
      if (Number(status) >= 400)
        expect(Object.keys(response.content ?? {})).toEqual(["application/problem+json"]);
    }
  }
});

test("[api.openapi] requests have their schema, and queries their parameters", () => {
  const body = specification.paths["/jobs"]?.["post"]?.requestBody;
  expect(JSON.stringify(body?.content["application/json"])).toMatch(/JobRequest/);
  const list = specification.paths["/jobs"]?.["get"]?.parameters?.map(({ name }) => name);
  expect(list?.toSorted()).toEqual(["batch_id", "cursor", "limit", "status", "type"]);
});

test("[api.openapi.bodies] a request body is described where one is read, and nowhere else", async () => {
  const someone = client.as("key");
  for (const { path, route, operation } of operations()) {
    const method = route.slice(0, -path.length).trim().toUpperCase();
    if (method === "GET") continue;
    expect(Object.keys(operation.responses), route).toContain("413");
    const url = path.replaceAll(/\{\w+\}/g, "none");
    const answer = await someone.request(url, {
      method,
      headers: { "content-type": "text/plain" },
      body: "x",
    });
    expect(operation.requestBody !== undefined, route).toBe(answer.status === 415);
    await answer.body?.cancel();
  }
  const optional = operations().filter(({ operation }) => operation.requestBody?.required === false);
  expect(optional.map(({ route }) => route)).toEqual(["post /jobs/{id}/retry"]);
  const batch = specification.paths["/batches"]?.["post"]?.requestBody?.content ?? {};
  expect(Object.keys(batch)).toEqual(["application/x-ndjson", "application/json"]);
  expect(JSON.stringify(specification.components.schemas["BatchLine"])).toContain('"custom_id"');
});

test("[api.openapi.streams] what comes as a stream is described with the schema of its items", () => {
  const streams = operations().flatMap(({ route, operation }) =>
    Object.entries(operation.responses["200"]?.content ?? {}).flatMap(([type, { schema }]) => {
      const item = (schema as { contentSchema?: { $ref: string } }).contentSchema;
      return item ? [`${route} ${type} ${item.$ref.split("/").at(-1)}`] : [];
    }),
  );
  expect(streams.toSorted()).toEqual([
    "get /batches/{id}/events text/event-stream BatchEvent",
    "get /batches/{id}/results application/x-ndjson BatchResult",
    "get /jobs/{id}/events text/event-stream JobEvent",
    "post /chat text/event-stream JobEvent",
    "post /jobs text/event-stream JobEvent",
  ]);
});

test("[api.openapi.headers] headers are described, of requests and of answers", () => {
  const routesWith = (wanted: string) =>
    operations().flatMap(({ route, operation: { parameters = [] } }) =>
      parameters.some(({ name }) => name === wanted) ? [route] : [],
    );
  const submitting = ["/batches", "/jobs", "/chat", "/mcp/servers/{server}/tools/{tool}/execute"];
  expect(routesWith("Idempotency-Key")).toEqual(submitting.map((path) => `post ${path}`));
  expect(routesWith("Prefer")).toEqual(["post /jobs"]);
  expect(routesWith("Last-Event-ID")).toEqual(["get /jobs/{id}/events", "get /batches/{id}/events"]);
  const accepted = specification.paths["/jobs"]?.["post"]?.responses["202"];
  expect(Object.keys(accepted?.headers ?? {})).toEqual(["Location", "Preference-Applied"]);
  const later = operations().flatMap(({ operation }) => operation.responses["429"] ?? []);
  for (const { headers } of later) expect(headers).toHaveProperty("Retry-After");
});

test("[api.openapi] tells which routes need a key", () => {
  expect(specification.components.securitySchemes["key"]).toEqual({ type: "http", scheme: "bearer" });
  expect(specification.security).toEqual([{ key: [] }]);
  const open = operations().filter(({ operation }) => operation.security?.length === 0);
  expect(open.map(({ route }) => route)).toEqual(["get /health/live", "get /health/ready"]);
  expect(Object.keys(open[0]?.operation.responses ?? {})).toEqual(["200", "403"]);
});

test("[api.docs] the page and all that it loads come from here, without a key", async () => {
  const page = await client.get("/docs");
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  const html = await page.text();
  expect(html).not.toMatch(/https?:|\/\/[a-z]/);
  const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? "");
  const files = loaded.filter((url) => !url.startsWith("data:"));
  expect(files.length).toBeGreaterThanOrEqual(3);
  for (const file of files) {
    const asset = await client.get(file);
    expect(asset.status, file).toBe(200);
    expect(asset.headers.get("content-type"), file).toMatch(/^text\/(css|javascript)/);
    expect((await asset.text()).length, file).toBeGreaterThan(50);
  }
  expect(await (await client.get("/docs/start.js")).text()).toContain('"/openapi.json"');
});

test("[api.docs] the page may load nothing from elsewhere", async () => {
  const policy = (await client.get("/docs")).headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
});

test("[api.docs] serves these files and no others", async () => {
  const traversal = "/docs/swagger-ui.css%2f..%2f..%2f..%2fpackage.json";
  for (const path of [
    "/docs/package.json",
    "/docs/..%2fpackage.json",
    "/docs/swagger-ui.css.map",
    traversal,
  ]) {
    expect((await client.get(path)).status, path).not.toBe(200);
  }
});

test("[api.health] live and ready answer without a key", async () => {
  expect(await client.read("/health/live")).toEqual({ status: "live" });
  expect(await client.read("/health/ready")).toMatchObject({ status: "ready", redis: true, workers: 0 });
});
