import { expect, test } from "vitest";
import { Connection } from "./connection.ts";
import { MillraceConnectionError, MillraceError } from "./errors.ts";
import { idempotencyHeader } from "./idempotency-key.ts";
import { path } from "./path.ts";

function answering(...answers: (Response | Error)[]) {
  const requests: { url: string; init: RequestInit }[] = [];
  const fetch = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    requests.push({ url: String(url), init });
    const answer = answers.shift() ?? Response.json({});
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    requests,
    connection: new Connection({
      url: "https://host/under/",
      apiKey: "secret",
      fetch,
    }),
  };
}

test("[client.url] paths are put under the url, and names stay inside their segment", async () => {
  const { connection, requests } = answering();
  await connection.read(path`/mcp/servers/${"a/b ?#"}/tools`, { query: { refresh: true, none: undefined } });
  expect(requests[0]?.url).toBe("https://host/under/mcp/servers/a%2Fb%20%3F%23/tools?refresh=true");
  expect(requests[0]?.init.headers).toMatchObject({ authorization: "Bearer secret" });
  expect(() => path`/jobs/${".."}`).toThrow('".." cannot be');
  expect(() => path`/jobs/${""}`).toThrow('"" cannot be');
});

test.for(["", "localhost:8000", "ftp://host", "http://host/?a=1", "nonsense"])(
  "[client.url] %j is no url",
  (url) => {
    expect(() => new Connection({ url })).toThrow("http://127.0.0.1:8000");
  },
);

test("[client.key] a key that cannot be sent is refused without being repeated", () => {
  const apiKey = "top secret\n";
  expect(() => new Connection({ url: "http://api", apiKey })).toThrow(/apiKey must be (?!.*top)/);
});

test("[client.key.idempotency] a key that no header can carry is refused before anything is sent", () => {
  for (const key of ["", "line\nfeed", "two words", "ключ", "x".repeat(256)]) {
    expect(() => idempotencyHeader(key), key).toThrow(TypeError);
  }
});

test("[client.errors.problem] a problem is told with its code, cure, paths and request", async () => {
  const problem = {
    code: "invalid_arguments",
    detail: "path is missing",
    errors: [{ path: "arguments.path", message: "is missing" }],
    request_id: "r1",
  };
  const { connection } = answering(Response.json(problem, { status: 422 }));
  const error = await connection.read("/jobs").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MillraceError);
  expect(error).toMatchObject({
    code: "invalid_arguments",
    status: 422,
    message: "path is missing",
    errors: problem.errors,
    requestId: "r1",
    retryAfterMs: null,
  });
});

test.for([
  ["a page of a proxy", new Response("<html>Forbidden</html>", { status: 403 })],
  ["a page with 200", new Response("<html>Welcome</html>")],
  ["another JSON", Response.json({ message: "no" }, { status: 404 })],
] as const)("[client.errors.foreign] %s is told as no answer of the api", async ([, response]) => {
  const { connection } = answering(response.clone());
  await expect(connection.read("/jobs")).rejects.toMatchObject({
    code: "unexpected_answer",
    message: expect.stringContaining("https://host/under/jobs") as string,
  });
});

test("[client.errors.connection] an api that cannot be reached is named, with the reason", async () => {
  const refused = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") });
  const { connection, requests } = answering(refused);
  const error = await connection.read("/jobs", { method: "POST" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MillraceConnectionError);
  expect((error as Error).message).toBe(
    "https://host/under/jobs cannot be reached: connect ECONNREFUSED 127.0.0.1:1.",
  );
  expect(requests).toHaveLength(1);
});

test("[client.retry.request] a request is sent again until it is answered", async () => {
  const { connection, requests } = answering(
    new TypeError("fetch failed"),
    new Response("", { status: 503 }),
    Response.json({ ok: 1 }),
  );
  expect(await connection.read("/jobs")).toEqual({ ok: 1 });
  expect(requests).toHaveLength(3);
});

test("[client.abort] an abort ends a request, and the wait for its next try, with its reason", async () => {
  const controller = new AbortController();
  const { connection } = answering(new Response("", { status: 503, headers: { "retry-after": "50" } }));
  const reading = connection.read("/jobs", { signal: controller.signal });
  queueMicrotask(() => controller.abort(new Error("enough")));
  await expect(reading).rejects.toThrow("enough");
});
