import { expect, test } from "vitest";
import { parseMcpConfig } from "./parse-config.ts";
import { resolveServers } from "./resolve-server.ts";

const DEFAULTS = { timeoutSeconds: 30, toolTimeoutSeconds: 60, maxConcurrentTools: 5, logStderr: true };
const local = { transport_type: "stdio", config: { command: "serve" } };
const far = { transport_type: "http", config: { url: "https://example.org/mcp" } };

function resolve(server: object, env: Record<string, string> = {}) {
  const { config } = parseMcpConfig("file.json", JSON.stringify({ mcp_servers: { one: server } }));
  const [settings] = resolveServers(config, DEFAULTS, env);
  if (!settings) throw new Error("the server is not active");
  return settings;
}

test("[config.mcp.settings] every setting of a server reaches its settings, times in milliseconds", () => {
  const written = {
    allow_tools: ["read_*", "list"],
    deny_tools: ["read_secret"],
    required: true,
    instances: 3,
    max_concurrent_tools: 7,
    lifecycle: "lazy",
    idle_timeout: 1.5,
    protocol: "2026-07-28",
    approval: "destructive",
    pin: "block",
    pins: { list: `sha256:${"0".repeat(64)}` },
    result_limit_bytes: 2_048,
  };
  expect(resolve({ ...local, ...written })).toMatchObject({
    allowTools: ["read_*", "list"],
    denyTools: ["read_secret"],
    required: true,
    instances: 3,
    maxConcurrentTools: 7,
    lifecycle: "lazy",
    idleTimeoutMs: 1_500,
    protocol: "2026-07-28",
    approval: { "*": "destructive" },
    pin: "block",
    pins: { list: `sha256:${"0".repeat(64)}` },
    resultLimitBytes: 2_048,
  });
});

test.each([
  ["instances", { ...far, instances: 2 }, "one.instances: unknown key"],
  ["auth", { ...local, auth: { type: "bearer", token: "t" } }, "one.auth: unknown key"],
  ["lifecycle", { ...local, lifecycle: "sometimes" }, "one.lifecycle: "],
  ["instances", { ...local, instances: 0 }, "one.instances: "],
  ["allow_tools", { ...local, allow_tools: "read_*" }, "one.allow_tools: "],
  ["deny_tools", { ...local, deny_tools: [""] }, "one.deny_tools[0]: "],
  ["protocol", { ...local, protocol: "2024" }, "one.protocol: "],
  ["result_limit_bytes", { ...local, result_limit_bytes: 9_000_000 }, "one.result_limit_bytes: "],
  ["pins", { ...local, pin: "warn", pins: { a: "md5:0" } }, 'one.pins.a: must be "sha256:"'],
  ["pins", { ...local, pins: { a: `sha256:${"0".repeat(64)}` } }, 'one.pins: works only with "pin"'],
])("[config.mcp.settings] a wrong %s is refused with its path: %j", (_key, server, message) => {
  expect(() => resolve(server)).toThrow(`mcp_servers.${message}`);
});

const PEM = "-----BEGIN PRIVATE KEY-----\nabcdefgh\n-----END PRIVATE KEY-----\n";

test("[config.mcp.auth] both forms of client credentials and a bearer token take their values from variables", () => {
  const env = {
    TOKEN: "token-1234",
    ID: "client-1",
    SECRET: "s3cret-value",
    KEY: PEM.replaceAll("\n", "\\n"),
  };
  const bearer = resolve({ ...far, auth: { type: "bearer", token: "${TOKEN}" } }, env);
  expect(bearer.auth).toEqual({ type: "bearer", token: "token-1234" });
  const secret = { type: "client_credentials", client_id: "${ID}", client_secret: "${SECRET}", scope: "a b" };
  expect(resolve({ ...far, auth: secret }, env).auth).toEqual({
    type: "client_credentials",
    clientId: "client-1",
    clientSecret: "s3cret-value",
    privateKey: null,
    signingAlgorithm: null,
    scope: "a b",
  });
  const key = {
    type: "client_credentials",
    client_id: "c",
    private_key: "${KEY}",
    signing_algorithm: "ES256",
  };
  expect(resolve({ ...far, auth: key }, env).auth).toMatchObject({
    clientSecret: null,
    privateKey: PEM,
    signingAlgorithm: "ES256",
  });
});

const client = { type: "client_credentials", client_id: "c" };

test.each([
  [{ type: "password" }, 'auth.type: must be "bearer" or "client_credentials"'],
  [{ type: "bearer" }, "auth.token: "],
  [{ type: "bearer", token: "t", scope: "a" }, "auth.scope: unknown key"],
  [client, "auth.client_secret: is missing"],
  [
    { ...client, client_secret: "s", private_key: "k", signing_algorithm: "RS256" },
    "auth.private_key: give either",
  ],
  [{ ...client, private_key: "k" }, "auth.signing_algorithm: is missing"],
  [{ ...client, private_key: "k", signing_algorithm: "none" }, "auth.signing_algorithm: "],
  [{ ...client, client_secret: "s", signing_algorithm: "RS256" }, "auth.signing_algorithm: works only with"],
])("[config.mcp.auth] %j is refused with its path", (auth, message) => {
  expect(() => resolve({ ...far, auth })).toThrow(`mcp_servers.one.${message}`);
});

test("[config.mcp.auth] auth and an Authorization header of one's own do not go together", () => {
  const auth = { type: "bearer", token: "t" };
  for (const name of ["authorization", "Authorization"]) {
    const config = { ...far.config, headers: { [name]: "Basic x" } };
    expect(() => resolve({ ...far, config, auth })).toThrow(`headers.${name}: is given by "auth"`);
  }
});

test("[config.mcp.auth] a variable of auth that is missing or empty fails the server alone", () => {
  const auth = { type: "bearer", token: "${TOKEN}" };
  expect(resolve({ ...far, auth }).problem).toContain("TOKEN");
  expect(resolve({ ...far, auth }, { TOKEN: " " }).problem).toContain("auth.token is empty");
});

test("[config.mcp.url] a password that stands in a wrong URL itself is not shown", () => {
  const config = { url: "ftp://user:hunter22@example.org" };
  const { problem } = resolve({ ...far, config });
  expect(problem).toContain("http:// or https://");
  expect(problem).not.toContain("hunter22");
});
