import type { ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { expect, test } from "vitest";
import { add, far, serve, startFaulty } from "./faulty-http.ts";
import { report, startHost } from "./hosts.ts";

const JSON_TYPE = { "content-type": "application/json" };
const STREAM_TYPE = { "content-type": "Text/Event-Stream" };
const RESULT = { result: { content: [{ type: "text", text: "done" }] } };
const REFUSAL = { error: { code: -32_602, message: "no such thing" } };

const DONE = { ok: true, result: { content: RESULT.result.content } };
const LOST = { ok: false, isAnswerLost: true, error: { code: "server_unavailable" } };

const says = (text: string) => ({ error: { message: expect.stringContaining(text) as string } });

const message = (id: unknown, content: object) => JSON.stringify({ jsonrpc: "2.0", id, ...content });

type Answer = (response: ServerResponse, id: unknown) => unknown;

/** What becomes of a call that is answered so. */
async function outcomeOf(answer: Answer): Promise<unknown> {
  const { host, fault } = await startFaulty();
  fault.respond = async (request, response) => {
    const { id } = (await json(request)) as { id: unknown };
    answer(response, id);
  };
  return await add(host);
}

test.each<[string, object, Answer]>([
  ["its answer", DONE, (response, id) => response.writeHead(202, JSON_TYPE).end(message(id, RESULT))],
  [
    "its answer in a stream",
    DONE,
    (response, id) => response.writeHead(202, STREAM_TYPE).end(`data: ${message(id, RESULT)}\n\n`),
  ],
  ["nothing", { ...LOST, ...says("HTTP status 202") }, (response) => response.writeHead(202).end()],
])(
  "[host.http.accepted] a call that is accepted with %s does not wait for its timeout",
  async (_what, outcome, answer) => {
    expect(await outcomeOf(answer)).toMatchObject(outcome);
  },
);

test("[host.http.unanswered] a call whose response answers another request is lost at once", async () => {
  const answer: Answer = (response) => response.writeHead(200, JSON_TYPE).end(message(77, RESULT));
  expect(await outcomeOf(answer)).toMatchObject({ ...LOST, ...says("holds no answer") });
});

test("[host.http.unanswered] an error that names no request is that of the one whose response it is", async () => {
  const answer: Answer = (response) => response.writeHead(200, JSON_TYPE).end(message(null, REFUSAL));
  expect(await outcomeOf(answer)).toMatchObject({ ok: false, isAnswerLost: false, ...says("no such thing") });
});

test("[host.http.accepted] a server of HTTP with SSE that is configured as another is told at once, with the cure", async () => {
  const server = await serve((request, response) => {
    request.resume();
    response.writeHead(202).end("Accepted");
    return true;
  });
  const host = await startHost([far(server.httpUrl)]);
  expect(report(host, "far")).toMatchObject({
    status: "error",
    last_error: expect.stringContaining('set its "transport_type" to "sse"') as string,
  });
});

test("[host.http.session_ended] a session whose handshake fails half-way is ended", async () => {
  const server = await serve((request, response) => {
    // All but `initialize` go to a copy of the server that does not know the session.
    const isLost = request.method === "POST" && request.headers["mcp-session-id"] !== undefined;
    if (isLost) response.writeHead(400).end("no such session");
    return isLost;
  });
  const host = await startHost([far(server.httpUrl)]);
  expect(report(host, "far")).toMatchObject({ status: "error" });
  await host.close();
  const sessionsOf = (method: string) =>
    server.requests.flatMap(({ method: given, headers }) =>
      given === method ? [headers["mcp-session-id"]] : [],
    );
  const begun = sessionsOf("POST").filter((session) => session !== undefined);
  expect(begun).not.toEqual([]);
  expect(sessionsOf("DELETE")).toEqual(begun);
});
