import { expect, inject, test } from "vitest";
import { startInstallation } from "../../../test/support/installation.ts";

interface Parameter {
  name: string;
  in: string;
  description?: string;
  schema: object;
}

interface Specification {
  paths: Record<
    string,
    Record<string, { parameters?: Parameter[]; responses: Record<string, { headers?: object }> }>
  >;
}

function whole(minimum: number, maximum: number) {
  return { type: "integer", minimum, maximum };
}

test("[api.openapi.query] a number in a query is described as one, with its bounds and its default", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  const { paths } = await installation.api.client.read<Specification>("/openapi.json");
  const queryOf = (method: string, path: string) => {
    const query = (paths[path]?.[method]?.parameters ?? []).filter((parameter) => parameter.in === "query");
    return Object.fromEntries(query.map(({ name, schema }) => [name, schema]));
  };
  const after = whole(0, 999_999_999_999);
  expect(queryOf("get", "/jobs")["limit"]).toEqual({ ...whole(1, 200), default: 50 });
  expect(queryOf("get", "/batches")["limit"]).toEqual({ ...whole(1, 200), default: 50 });
  expect(queryOf("get", "/jobs/{id}")).toEqual({ wait: whole(0, 60) });
  const events = queryOf("get", "/jobs/{id}/events");
  expect(events).toEqual({ after, limit: { ...whole(1, 500), default: 100 } });
  expect(queryOf("get", "/batches/{id}/events")).toEqual({ after });
  expect(queryOf("post", "/batches")).toEqual({
    concurrency: whole(1, 10_000),
    priority: whole(0, 10),
    timeout_ms: whole(1, 86_400_000),
    retention_seconds: whole(1, 31_536_000),
  });
  const options = paths["/batches"]?.["post"]?.parameters ?? [];
  expect(options.find(({ name }) => name === "concurrency")?.description).toMatch(/under way at once/);
});

test("[api.openapi.described] every query value has a description", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  const { paths } = await installation.api.client.read<Specification>("/openapi.json");
  const query = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods)
      .flatMap(({ parameters = [] }) => parameters)
      .filter((parameter) => parameter.in === "query")
      .map(({ name, description }) => ({ value: `${path}?${name}`, description })),
  );
  expect(query.length).toBeGreaterThan(20);
  expect(query.filter(({ description }) => !description)).toEqual([]);
});

test("[api.openapi.headers] what asks for a key says how it is sent", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  const { paths } = await installation.api.client.read<Specification>("/openapi.json");
  const methods = Object.values(paths).flatMap((path) => Object.values(path));
  const refusals = methods.flatMap(({ responses }) => responses["401"] ?? []);
  expect(refusals.length).toBeGreaterThan(0);
  for (const { headers } of refusals) expect(headers).toHaveProperty("WWW-Authenticate");
});
