import type { IncomingMessage, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import type { Host } from "@millrace/host-core";
import { startFixtureHttp, type FixtureHttpOptions } from "@millrace/testing";
import { call, settings, startHost } from "./hosts.ts";

export type Intercept = NonNullable<FixtureHttpOptions["intercept"]>;

/** The fixture over HTTP, until the test ends. */
export async function serve(intercept: Intercept, port = 0) {
  const server = await startFixtureHttp({ intercept, port });
  onTestFinished(() => server.close());
  return server;
}

export const far = (url: string) => settings("far", { type: "http", url, headers: {} });
export const add = (host: Host) => call(host, "far", "add", { arguments: { a: 1, b: 2 } });
/** What `add` comes to. */
export const SUM = { ok: true, result: { structured_content: { sum: 3 } } };

/** A server without a stream of its own, whose answers to POST are `respond`'s as soon as that is not null. */
export async function startFaulty() {
  const fault: { respond: ((request: IncomingMessage, response: ServerResponse) => unknown) | null } = {
    respond: null,
  };
  const server = await serve((request, response) => {
    if (request.method === "GET") response.writeHead(405).end();
    else if (fault.respond && request.method === "POST") fault.respond(request, response);
    else return false;
    return true;
  });
  const host = await startHost([far(server.httpUrl)]);
  return { host, server, fault };
}
