import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

const SOURCE = join(import.meta.dirname, "../../src");

/** An empty page at `/`, the client's modules under `/client/`, and the api behind everything else: one origin. */
export interface PageServer extends AsyncDisposable {
  readonly url: string;
}

export async function startPageServer(api: { port: number }): Promise<PageServer> {
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "/";
    if (path === "/")
      outgoing.setHeader("content-type", "text/html").end("<!doctype html><title>page</title>");
    else if (path.startsWith("/client/")) void sendModule(path.slice("/client/".length), outgoing);
    else pass(incoming, outgoing, api.port);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** As a bundler would make it: the types taken away, and nothing else. */
async function sendModule(path: string, outgoing: ServerResponse): Promise<void> {
  try {
    const source = await readFile(join(SOURCE, normalize(`/${path}`)), "utf8");
    outgoing.setHeader("content-type", "text/javascript").end(stripTypeScriptTypes(source));
  } catch {
    outgoing.writeHead(404).end();
  }
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const { method, url, headers } = incoming;
  const passed = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on("error", () => outgoing.destroy());
  outgoing.once("close", () => passed.destroy());
  incoming.pipe(passed);
}
