import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  startAuthorizationServer,
  startFixtureHttp,
  startProtectedFixture,
  type AuthorizationServerOptions,
} from "@millrace/testing";
import type { AuthSettings } from "../src/config/server-settings.ts";
import { NeedsAuthError } from "../src/connection/connection.ts";
import { callText, connect, connections, patience } from "./connections.ts";
import { report, settings, startHost } from "./hosts.ts";

const CLIENT = { clientId: "millrace", clientSecret: "s3cret" };

const WITH_SECRET: AuthSettings = {
  type: "client_credentials",
  ...CLIENT,
  privateKey: null,
  signingAlgorithm: null,
  scope: "tools",
};

async function protect(options: AuthorizationServerOptions = CLIENT) {
  const authorizationServer = await startAuthorizationServer(options);
  onTestFinished(() => authorizationServer.close());
  const server = await startProtectedFixture(authorizationServer);
  onTestFinished(() => server.close());
  return { authorizationServer, server };
}

function remote(url: string, auth: AuthSettings | null, type: "http" | "sse" | "websocket" = "http") {
  return settings("one", { type, url, headers: {} }, { auth });
}

test.each([
  ["client_secret_basic", ["client_secret_basic"]],
  ["client_secret_post", ["client_secret_post"]],
])("[oauth.secret] a server is used with a client's secret, sent as %s", async (method, methods) => {
  const { authorizationServer, server } = await protect({ ...CLIENT, methods });
  const opened = await connect(connections(), remote(server.httpUrl, WITH_SECRET));
  expect(await callText(opened, "echo", { text: "hi" })).toBe("hi");
  expect(authorizationServer.grants).toEqual([{ method, scope: "tools" }]);
});

test("[oauth.private_key_jwt] a server is used with an assertion that a private key signs", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2_048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const { authorizationServer, server } = await protect({ clientId: "millrace", publicKey });
  const auth: AuthSettings = {
    type: "client_credentials",
    clientId: "millrace",
    clientSecret: null,
    privateKey,
    signingAlgorithm: "RS256",
    scope: null,
  };
  const opened = await connect(connections(), remote(server.httpUrl, auth));
  expect(await callText(opened, "echo", { text: "hi" })).toBe("hi");
  expect(authorizationServer.grants).toEqual([{ method: "private_key_jwt", scope: null }]);
});

test("[oauth.sse] client credentials work over SSE too", async () => {
  const { server } = await protect();
  const opened = await connect(connections(), remote(server.sseUrl, WITH_SECRET, "sse"));
  expect(await callText(opened, "echo", { text: "hi" })).toBe("hi");
});

test("[oauth.renew] a token that expires in the middle of a session is replaced once, for all calls together", async () => {
  const { authorizationServer, server } = await protect();
  const opened = await connect(connections(), remote(server.httpUrl, WITH_SECRET));
  authorizationServer.revokeAll();
  const calls = Array.from({ length: 20 }, (_, index) => callText(opened, "echo", { text: String(index) }));
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
  expect(authorizationServer.grants).toHaveLength(2);
  expect(opened.told).toEqual([]);
});

test("[oauth.bound] another authorization server than the first gets no credentials, though the server names it", async () => {
  const { authorizationServer, server } = await protect();
  const opened = await connect(connections(), remote(server.httpUrl, WITH_SECRET));
  const other = await startAuthorizationServer(CLIENT);
  onTestFinished(() => other.close());
  authorizationServer.revokeAll();
  authorizationServer.issuer = other.issuer;
  await expect(callText(opened, "echo", { text: "hi" })).rejects.toThrow("no token for the server");
  expect(other.grants).toEqual([]);
});

test("[oauth.reuse] the next connection of a server uses its token again", async () => {
  const { authorizationServer, server } = await protect();
  const open = connections();
  await connect(open, remote(server.httpUrl, WITH_SECRET));
  await connect(open, remote(server.httpUrl, WITH_SECRET));
  expect(authorizationServer.grants).toHaveLength(1);
});

test.each(["http", "sse"] as const)(
  "[oauth.needs_auth] a server that nobody has credentials for is needs_auth at once over %s, and says what to do",
  async (type) => {
    const { server } = await protect();
    const url = type === "http" ? server.httpUrl : server.sseUrl;
    const host = await startHost([remote(url, null, type)]);
    expect(report(host, "one")).toMatchObject({
      status: "needs_auth",
      last_error: expect.stringContaining('give it "auth"') as string,
    });
  },
);

test("[oauth.needs_auth] so is one that refuses the token of its own authorization server, which is asked once", async () => {
  const authorizationServer = await startAuthorizationServer(CLIENT);
  onTestFinished(() => authorizationServer.close());
  const server = await startProtectedFixture({ ...authorizationServer, isValid: () => false });
  onTestFinished(() => server.close());
  const host = await startHost([remote(server.httpUrl, WITH_SECRET)]);
  expect(report(host, "one")).toMatchObject({
    status: "needs_auth",
    last_error: expect.stringContaining("the server refuses the token") as string,
  });
  expect(authorizationServer.grants).toHaveLength(1);
});

test("[oauth.needs_auth] so is one that refuses the handshake of a WebSocket", async () => {
  const gate = createServer((_request, response) => response.writeHead(401).end());
  gate.on("upgrade", (_request, socket) => {
    socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  await once(gate.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    const closed = once(gate, "close");
    gate.close();
    gate.closeAllConnections();
    await closed;
  });
  const url = `ws://127.0.0.1:${(gate.address() as AddressInfo).port}/ws`;
  const host = await startHost([remote(url, null, "websocket")]);
  expect(report(host, "one")).toMatchObject({
    status: "needs_auth",
    last_error: expect.stringContaining('give it "auth"') as string,
  });
});

test.each<[string, AuthorizationServerOptions, RegExp]>([
  ["knows humans only", { ...CLIENT, humansOnly: true }, /unsupported_grant_type/],
  ["knows another secret", { ...CLIENT, clientSecret: "other" }, /invalid_client/],
])(
  "[oauth.refused] an authorization server that %s: needs_auth, with its reason",
  async (_what, options, reason) => {
    const { server } = await protect(options);
    const { connection } = connections()(remote(server.httpUrl, WITH_SECRET));
    const refused = connection.connect(patience());
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toBeInstanceOf(NeedsAuthError);
    await expect(refused).rejects.not.toThrow(CLIENT.clientSecret);
  },
);

test("[oauth.odd_answers] a server for machines alone, with nulls in its answers, gives tokens", async () => {
  const { server } = await protect({
    ...CLIENT,
    metadata: {
      authorization_endpoint: undefined,
      response_types_supported: undefined,
      registration_endpoint: null,
    },
    tokenAnswer: { expires_in: null, refresh_token: null, scope: null },
  });
  const opened = await connect(connections(), remote(server.httpUrl, WITH_SECRET));
  expect(await callText(opened, "echo", { text: "hi" })).toBe("hi");
});

test.each([
  [503, "temporarily_unavailable"],
  [429, "slow_down"],
])("[oauth.busy] an answer of %i %s passes, is told, and is not needs_auth", async (status, error) => {
  const { server } = await protect({ ...CLIENT, refusal: { status, body: { error } } });
  const { connection } = connections()(remote(server.httpUrl, WITH_SECRET));
  const refused = connection.connect(patience());
  await expect(refused).rejects.toThrow(`${error} (HTTP status ${status})`);
  await expect(refused).rejects.not.toBeInstanceOf(NeedsAuthError);
});

test("[oauth.issuer] an authorization server whose metadata is another's gets no credentials", async () => {
  const metadata = { issuer: "http://other.example" };
  const { authorizationServer, server } = await protect({ ...CLIENT, metadata });
  const { connection } = connections()(remote(server.httpUrl, WITH_SECRET));
  await expect(connection.connect(patience())).rejects.toThrow("calls itself http://other.example");
  expect(authorizationServer.grants).toEqual([]);
});

test("[oauth.odd_answers.told] a token that is missing is told in one line", async () => {
  const { server } = await protect({ ...CLIENT, tokenAnswer: { access_token: undefined } });
  const { connection } = connections()(remote(server.httpUrl, WITH_SECRET));
  const refused = connection.connect(patience());
  await expect(refused).rejects.toThrow(/authorization server's answer is not valid: access_token: [^\n]*$/);
});

test("[oauth.unreachable] an authorization server that is away is an error that passes, not needs_auth", async () => {
  const { authorizationServer, server } = await protect();
  await authorizationServer.close();
  const { connection } = connections()(remote(server.httpUrl, WITH_SECRET));
  const refused = connection.connect(patience());
  await expect(refused).rejects.toThrow("no token for the server");
  await expect(refused).rejects.not.toBeInstanceOf(NeedsAuthError);
});

test("[oauth.lost] a session whose token is refused for good is lost, and the next attempt is needs_auth", async () => {
  const { authorizationServer, server } = await protect();
  const open = connections();
  const opened = await connect(open, remote(server.httpUrl, WITH_SECRET));
  const closed = opened.next("onClose");
  await authorizationServer.close();
  authorizationServer.revokeAll();
  await expect(callText(opened, "echo", { text: "hi" })).rejects.toThrow("no token for the server");
  expect(await closed).toContain("no token for the server");
});

test.each(["http", "websocket"] as const)(
  "[oauth.bearer] a bearer token is a header, over %s",
  async (type) => {
    const server = await startFixtureHttp();
    onTestFinished(() => server.close());
    const url = type === "http" ? server.httpUrl : server.webSocketUrl;
    await connect(connections(), remote(url, { type: "bearer", token: "abc" }, type));
    for (const { headers } of server.requests) expect(headers.authorization).toBe("Bearer abc");
  },
);
