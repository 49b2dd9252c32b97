import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, LookupFunction, Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startFixtureHttp, type FixtureHttpOptions } from "@millrace/testing";
import { createGuardedFetch } from "../src/connection/http/guarded-fetch.ts";
import { connect, connections, patience } from "./connections.ts";
import { report, settings, startHost } from "./hosts.ts";
import { createSelfSigned } from "./self-signed.ts";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function serveFixture(options: FixtureHttpOptions = {}) {
  const server = await startFixtureHttp(options);
  onTestFinished(() => server.close());
  return server;
}

function resolvingTo(first: string, ...others: string[]): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all)
      callback(
        null,
        [first, ...others].map((address) => ({ address, family: 4 })),
      );
    else callback(null, first, 4);
  };
}

/** What a server at a public name may have asked for, and was refused. */
async function refusalOf(url: string, lookup: LookupFunction): Promise<unknown> {
  const guarded = createGuardedFetch(new URL("https://mcp.example.com/mcp"), { lookup });
  onTestFinished(() => guarded.release());
  return await guarded.fetch(url).catch((error: unknown) => error);
}

test.each(["http", "sse", "websocket"] as const)(
  "[network.dns] a name that DNS resolves to a private address is not reached over %s",
  async (type) => {
    const server = await serveFixture();
    const { port } = new URL(server.httpUrl);
    const scheme = type === "websocket" ? "ws" : "http";
    const url = `${scheme}://mcp.example.com:${port}/${{ http: "mcp", sse: "sse", websocket: "ws" }[type]}`;
    const open = connections({ lookup: resolvingTo("127.0.0.1") });
    const { connection } = open(settings("rebound", { type, url, headers: { authorization: "Bearer abc" } }));
    await expect(connection.connect(patience())).rejects.toThrow(
      /mcp\.example\.com \(127\.0\.0\.1\) is a private address/,
    );
    expect(server.requests).toEqual([]);
  },
);

test("[network.dns] a name is not reached when any one of its addresses is private", async () => {
  const server = await serveFixture();
  const { port } = new URL(server.httpUrl);
  const url = `http://login.example.com:${port}/token`;
  for (const lookup of [
    resolvingTo("127.0.0.1", "93.184.216.34"),
    resolvingTo("93.184.216.34", "127.0.0.1"),
  ]) {
    const error = await refusalOf(url, lookup);
    expect(error).toMatchObject({
      message: expect.stringContaining("login.example.com (127.0.0.1) is a private address") as string,
    });
  }
  expect(server.requests).toEqual([]);
});

test("[network.guard] what names an address itself is not looked up, and refused all the same", async () => {
  const server = await serveFixture();
  const { port } = new URL(server.httpUrl);
  for (const host of ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433"]) {
    const error = await refusalOf(`http://${host}:${port}/token`, resolvingTo("93.184.216.34"));
    expect(error).toMatchObject({ message: expect.stringContaining("is a private address") as string });
  }
  expect(server.requests).toEqual([]);
});

test("[network.dns] an internal name reaches its private address", async () => {
  const server = await serveFixture();
  const { port } = new URL(server.httpUrl);
  const open = connections({ lookup: resolvingTo("127.0.0.1") });
  const transport = { type: "http", url: `http://mcp-server:${port}/mcp`, headers: {} } as const;
  const { connection } = await connect(open, settings("internal", transport));
  expect((await connection.listTools(patience())).tools.length).toBeGreaterThan(0);
});

test("[network.redirect] a redirect to a metadata address is not followed, and the report says where it led", async () => {
  const server = await serveFixture({
    intercept: (_request, response) => {
      response.writeHead(307, { location: "http://169.254.169.254/latest/meta-data/" }).end();
      return true;
    },
  });
  const host = await startHost([settings("one", { type: "http", url: server.httpUrl, headers: {} })]);
  const { status, last_error } = report(host, "one");
  expect(status).toBe("error");
  expect(last_error).toContain("Redirect to http://169.254.169.254/latest/meta-data/ not followed");
});

test("[network.redirect] a redirect to another server does not take the credentials there", async () => {
  const seen: string[] = [];
  const thief = createHttpServer((request, response) => {
    seen.push(request.headers.authorization ?? "none");
    response.writeHead(200).end();
  });
  const port = await listen(thief);
  const server = await serveFixture({
    intercept: (_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${port}/mcp` }).end();
      return true;
    },
  });
  const headers = { authorization: "Bearer abc" };
  const { connection } = connections()(settings("one", { type: "http", url: server.httpUrl, headers }));
  await expect(connection.connect(patience())).rejects.toThrow("not followed");
  expect(seen).toEqual([]);
});

test("[network.redirect] nor does the question why a WebSocket was refused", async () => {
  const seen: string[] = [];
  const thief = createHttpServer((request, response) => {
    seen.push(String(request.headers["x-api-key"]));
    response.end();
  });
  const port = await listen(thief);
  const server = await serveFixture({
    intercept: (_request, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${port}/ws` }).end();
      return true;
    },
  });
  // The handshake itself is refused there.
  const url = server.webSocketUrl.replace("/ws", "/elsewhere");
  const transport = { type: "websocket", url, headers: { "x-api-key": "abc" } } as const;
  const { connection } = connections()(settings("one", transport));
  await expect(connection.connect(patience())).rejects.toThrow("could not open a WebSocket");
  expect(server.requests.map(({ path }) => path)).toEqual(["/elsewhere"]);
  expect(seen).toEqual([]);
});

test("[network.redirect] a redirect within the server is followed", async () => {
  const server = await serveFixture({
    intercept: (request, response) => {
      if (request.url !== "/old") return false;
      response.writeHead(307, { location: "/mcp" }).end();
      return true;
    },
  });
  const url = server.httpUrl.replace("/mcp", "/old");
  const { connection } = await connect(connections(), settings("one", { type: "http", url, headers: {} }));
  expect((await connection.listTools(patience())).tools.length).toBeGreaterThan(0);
});

test.each(["http", "websocket"] as const)(
  "[network.certificate] a certificate that is not trusted is named as such over %s, with the cure",
  async (type) => {
    const port = await listen(createHttpsServer(createSelfSigned(), (_request, response) => response.end()));
    const url = `${type === "http" ? "https" : "wss"}://localhost:${port}/mcp`;
    const host = await startHost([settings("one", { type, url, headers: {} })]);
    expect(report(host, "one").last_error).toMatch(
      /TLS certificate is not trusted: .*self[- ]signed certificate.*NODE_EXTRA_CA_CERTS/,
    );
  },
);

test("[network.released] after its release a connection opens no socket, and leaves none", async () => {
  const server = createHttpServer((_request, response) => response.end("here"));
  let made = 0;
  server.on("connection", () => (made += 1));
  const url = `http://127.0.0.1:${await listen(server)}`;
  const guarded = createGuardedFetch(new URL(url));
  expect(await (await guarded.fetch(url)).text()).toBe("here");
  await guarded.release();
  await expect(guarded.fetch(url)).rejects.toThrow("fetch failed");
  expect(made).toBe(1);
  const open = () => new Promise((resolve) => server.getConnections((_, left) => resolve(left)));
  await expect.poll(open, { timeout: 20_000 }).toBe(0);
});
