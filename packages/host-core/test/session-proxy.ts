import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** How a restarted server refuses a session that it does not know; both are met in the wild. */
export type Refusal = { status: 404 } | { status: 400; body: string };

/**
 * A Streamable HTTP server that keeps its address through a restart: what stands behind it can be exchanged. It offers
 * no stream of its own (405), so that a client hears of the restart only when it calls.
 */
export async function startSessionProxy(firstTarget: string, refusal: Refusal) {
  let target = firstTarget;
  const calls: string[] = [];

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.method === "GET") {
      response.writeHead(405).end();
      return;
    }
    const body = (await incoming.toArray()).join("");
    if (body.includes('"tools/call"')) calls.push(body);
    const { method, headers } = incoming;
    const outgoing = request(target, { method: method ?? "POST", headers }, (answer) => {
      const isRefused = answer.statusCode === 404 && refusal.status === 400;
      if (isRefused) response.writeHead(400).end(refusal.body);
      else answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
      if (isRefused) answer.resume();
    });
    outgoing.on("error", () => response.destroy());
    outgoing.end(body);
  }

  const server = createServer((incoming, response) => {
    forward(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    /** Bodies of the tool calls that came. */
    calls,
    restart: (newTarget: string) => {
      target = newTarget;
    },
  };
}
