import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@millrace/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadMcpConfig, type LoadMcpConfigOptions } from "./load-mcp-config.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(content: unknown, options: Partial<LoadMcpConfigOptions> = {}) {
  const path = join(folder, "mcp-servers.json");
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return await loadMcpConfig({ path, isNamed: true, env: {}, ...options });
}

function withServer(server: object, rest: object = {}) {
  return { ...rest, mcp_servers: { one: server } };
}

const stdio = { transport_type: "stdio", config: { command: "serve" } };

test("[config.mcp.missing] a missing default file means no servers and a warning; a named one is an error", async () => {
  const path = join(folder, "absent.json");
  const loaded = await loadMcpConfig({ path, isNamed: false, env: {} });
  expect(loaded).toEqual({ servers: [], warnings: [expect.stringContaining("absent.json")] });
  await expect(loadMcpConfig({ path, isNamed: true, env: {} })).rejects.toThrow(ConfigError);
});

test.each([
  ['{"mcp_servers": {\n  "a": 1,,\n}}', /mcp-servers\.json is not valid JSON.*line 2 column/],
  ['{"mcp_servers": {\n', /line 2 column 1/],
  ["", /line 1 column 1/],
])("[config.mcp.broken] broken JSON %j names the file and the place", async (text, message) => {
  await expect(load(text)).rejects.toThrow(message);
});

test("[config.mcp.paths] every wrong path is named in one message", async () => {
  const config = {
    max_tools: 3,
    mcp_servers: {
      filesystem: { transport_type: "stdio", timeout: -1, config: { command: "x", comand: "y" } },
      far: { transport_type: "carrier_pigeon", config: {} },
    },
  };
  const error: unknown = await load(config).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  const { message } = error as ConfigError;
  expect(message).toContain("max_tools: unknown key");
  expect(message).toContain("mcp_servers.filesystem.config.comand: unknown key");
  expect(message).toContain("mcp_servers.filesystem.timeout: ");
  expect(message).toContain('mcp_servers.far.transport_type: must be "stdio", "http", "sse" or "websocket"');
});

test("[config.mcp.resolved] settings are complete, in milliseconds and frozen; inactive servers are left out", async () => {
  const { servers } = await load({
    mcp_servers: {
      one: { ...stdio, display_name: "One", timeout: 1.5, tool_timeout: 2, max_concurrent_tools: 9 },
      off: { ...stdio, is_active: false },
    },
  });
  expect(servers).toEqual([
    {
      name: "one",
      displayName: "One",
      description: null,
      transport: { type: "stdio", command: "serve", args: [], env: {} },
      auth: null,
      protocol: "auto",
      questions: { sampling: false, elicitation: null, roots: [] },
      instances: 1,
      lifecycle: "eager",
      idleTimeoutMs: 300_000,
      required: false,
      connectTimeoutMs: 1_500,
      toolTimeoutMs: 2_000,
      maxConcurrentTools: 9,
      allowTools: null,
      denyTools: [],
      approval: {},
      pin: "off",
      pins: {},
      resultLimitBytes: 8_388_608,
      logStderr: true,
      problem: null,
      secrets: [],
      connectionFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    },
  ]);
  expect(Object.isFrozen(servers) && Object.isFrozen(servers[0]?.transport)).toBe(true);
});

test("[config.mcp.overrides] the environment wins over the file's top level, a server's own value over both", async () => {
  const top = { default_timeout: 10, max_concurrent_tools: 2, enable_logging: true };
  const overrides = {
    defaultTimeoutSeconds: 20,
    maxConcurrentTools: 4,
    enableLogging: false,
    toolTimeoutSeconds: 90,
  };
  const [general] = (await load(withServer(stdio, top), { overrides })).servers;
  expect(general).toMatchObject({
    connectTimeoutMs: 20_000,
    maxConcurrentTools: 4,
    logStderr: false,
    toolTimeoutMs: 90_000,
  });
  const [own] = (await load(withServer({ ...stdio, timeout: 1, tool_timeout: 2 }, top), { overrides }))
    .servers;
  expect(own).toMatchObject({ connectTimeoutMs: 1_000, toolTimeoutMs: 2_000 });
  const [plain] = (await load(withServer(stdio, top))).servers;
  expect(plain).toMatchObject({ connectTimeoutMs: 10_000, maxConcurrentTools: 2, toolTimeoutMs: 60_000 });
});

test("[config.mcp.variables] ${VAR} and ${VAR:-default} work in command, args, env, cwd, url and headers", async () => {
  const env = { TOOL: "serve", KEY: "key-123456", EMPTY: "" };
  const { servers } = await load(
    {
      mcp_servers: {
        local: {
          transport_type: "stdio",
          config: {
            command: "${TOOL}",
            args: ["--key=${KEY}", "${EMPTY:-filled}", "${ABSENT:-}", "$KEY"],
            env: { A: "${KEY}" },
            cwd: "/srv/${TOOL}",
          },
        },
        far: {
          transport_type: "http",
          config: { url: "https://${HOST:-example.org}/mcp", headers: { authorization: "Bearer ${KEY}" } },
        },
      },
    },
    { env },
  );
  expect(servers.map(({ transport }) => transport)).toEqual([
    {
      type: "stdio",
      command: "serve",
      args: ["--key=key-123456", "filled", "", "$KEY"],
      env: { A: "key-123456" },
      cwd: "/srv/serve",
    },
    { type: "http", url: "https://example.org/mcp", headers: { authorization: "Bearer key-123456" } },
  ]);
  expect(servers.map(({ problem }) => problem)).toEqual([null, null]);
});

test("[config.mcp.variables] a missing variable fails its server alone, with its name", async () => {
  const needy = { transport_type: "stdio", config: { command: "serve", env: { A: "${TOKEN_OF_MINE}" } } };
  const { servers } = await load({ mcp_servers: { needy, fine: stdio } });
  expect(servers[0]?.problem).toContain("TOKEN_OF_MINE");
  expect(servers[1]?.problem).toBeNull();
});

test("[config.mcp.url] a URL of the wrong kind fails its server alone, without the value of a variable", async () => {
  const config = { url: "ftp://user:${SECRET}@host", headers: {} };
  const { servers } = await load(withServer({ transport_type: "websocket", config }), {
    env: { SECRET: "hunter22" },
  });
  expect(servers[0]?.problem).toContain("ws:// or wss://");
  expect(servers[0]?.problem).not.toContain("hunter22");
});

test.each([
  ["http", "https://user:${SECRET}@host/mcp", {}, /the url has a user name or a password: .*"auth"/],
  ["websocket", "wss://host/mcp#part", {}, /the url has a "#"/],
  ["http", "https://host/mcp", { "x-price": "5 €" }, /config\.headers\.x-price has a character/],
  ["http", "https://host/mcp", { "x price": "5" }, /config\.headers has the name "x price"/],
])(
  "[config.mcp.unusable] over %s the url %s with headers %j fails its server alone, with the cure",
  async (transport_type, url, headers, expected) => {
    const { servers } = await load(withServer({ transport_type, config: { url, headers } }), {
      env: { SECRET: "hunter22" },
    });
    expect(servers[0]?.problem).toMatch(expected);
    expect(servers[0]?.problem).not.toContain("hunter22");
  },
);

test("[config.mcp.lost_name] a server whose name would be lost is refused", async () => {
  const file = JSON.parse(`{"mcp_servers": {"__proto__": ${JSON.stringify(stdio)}}}`) as object;
  await expect(load(file)).rejects.toThrow('mcp_servers: the key "__proto__" would be lost');
});

test("[config.mcp.approval] one policy for a server, or one for each pattern of tool names", async () => {
  const { servers } = await load({
    mcp_servers: {
      plain: stdio,
      whole: { ...stdio, approval: "destructive" },
      by_name: { ...stdio, approval: { "*": "destructive", "write_*": "always" } },
    },
  });
  expect(servers.map(({ approval }) => approval)).toEqual([
    {},
    { "*": "destructive" },
    { "*": "destructive", "write_*": "always" },
  ]);
});

test.each(["sometimes", { "write_*": "sometimes" }, { "": "always" }, true, null])(
  "[config.mcp.approval] %j is refused with the allowed values",
  async (approval) => {
    await expect(load(withServer({ ...stdio, approval }))).rejects.toThrow(
      /mcp_servers\.one\.approval: must be "never", "destructive" or "always", or an object/,
    );
  },
);
