import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runHere } from "../../test/support/run-here.ts";

const job = { id: "job_1", type: "tool", status: "completed", result: { content: [] } };

let api: Server;
let url: string;
/** How the api answers who asks for a server's tools. */
let tools: { status: number; body: object };
let submitted: { arguments: unknown }[];

beforeEach(async () => {
  submitted = [];
  api = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(api, "listening");
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});
afterEach(() => {
  api.close().closeAllConnections();
});

/** An api with one job, which ends at once. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/mcp/servers/fixture/tools") {
    response.writeHead(tools.status).end(JSON.stringify(tools.body));
  } else if (request.method === "POST") {
    submitted.push((await json(request)) as { arguments: unknown });
    response.writeHead(202).end(JSON.stringify({ ...job, status: "queued" }));
  } else if (request.headers["last-event-id"] === undefined) {
    response.end(`data: ${JSON.stringify({ id: 1, type: "job.completed", job })}\n\n`);
  } else response.writeHead(204).end();
}

test.for([
  ["no worker has reported", { status: 404, body: { code: "server_not_found", detail: "…" } }],
  ["the key may not ask", { status: 403, body: { code: "scope_missing", detail: "…" } }],
  ["its server is still connecting", { status: 200, body: { tools: [] } }],
] as const)("[cli.tool.unknown] a tool is called when %s, and what is guessed is told", async ([, known]) => {
  tools = known;
  const words = ["tool", "fixture", "echo", "text=word", "count=5", 'code="5"'];
  const { code, stderr } = await runHere(words, url);
  expect(submitted).toMatchObject([{ arguments: { text: "word", count: 5, code: "5" } }]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^The tool's schema is not known .*: count\. .*--json-args.*\n$/);
  expect(await runHere(["tool", "fixture", "echo", "text=word"], url)).toMatchObject({
    code: 0,
    stderr: "",
  });
});

test("[cli.tool.timeout] seconds with a fraction are whole milliseconds", async () => {
  expect((await runHere(["tool", "fixture", "echo", "--timeout", "1.001"], url)).code).toBe(0);
  expect(submitted).toMatchObject([{ timeout_ms: 1_001 }]);
});
