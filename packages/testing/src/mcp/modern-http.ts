import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { createMcpHandler } from "@modelcontextprotocol/server";
import { FixtureStats } from "./fixture-stats.ts";
import { createModernServer } from "./modern-server.ts";

export interface ModernHttp extends AsyncDisposable {
  url: string;
  stats: FixtureStats;
  /** The JSON-RPC method of every request so far; null where there was none. */
  methods: readonly (string | null)[];
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
  return body;
}

function methodOf(body: string): string | null {
  if (body === "") return null;
  const message = JSON.parse(body) as { method?: string };
  return message.method ?? null;
}

async function answer(response: ServerResponse, given: Response): Promise<void> {
  response.writeHead(given.status, Object.fromEntries(given.headers));
  if (!given.body) {
    response.end();
    return;
  }
  const body = Readable.fromWeb(given.body as never);
  body.on("error", () => response.destroy());
  response.on("close", () => body.destroy());
  body.pipe(response);
}

/** Serves protocol 2026-07-28 alone over HTTP, on a free port of 127.0.0.1. */
export async function startModernHttp(): Promise<ModernHttp> {
  const stats = new FixtureStats();
  const grown = new Set<string>();
  const methods: (string | null)[] = [];
  const handler = createMcpHandler(
    () => createModernServer({ stats, grown, onGrown: () => handler.notify.toolsChanged() }),
    { legacy: "reject" },
  );
  const server = createServer((request, response) => {
    const serve = async () => {
      const body = await readBody(request);
      methods.push(methodOf(body));
      const gone = new AbortController();
      response.on("close", () => gone.abort());
      const { method = "GET", url = "/", headers } = request;
      await answer(
        response,
        await handler.fetch(
          new Request(new URL(url, "http://127.0.0.1"), {
            method,
            headers: headers as Record<string, string>,
            body: body === "" ? null : body,
            signal: gone.signal,
          }),
        ),
      );
    };
    serve().catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    await handler.close();
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}/mcp`, stats, methods, close, [Symbol.asyncDispose]: close };
}
