import { expect, test } from "vitest";
import { parseMcpConfig } from "../parse-config.ts";

function parse(file: unknown) {
  return parseMcpConfig("file.json", JSON.stringify(file));
}

test("[config.formats.desktop] a file of Claude Desktop or Cursor loads, with each of its transports", () => {
  const { config, warnings } = parse({
    mcpServers: {
      local: { command: "npx", args: ["-y", "x"], env: { A: "1", PORT: 80, NONE: null }, cwd: "/srv" },
      off: { command: "x", disabled: true },
      plain: { url: "https://a.example/mcp", headers: { k: "v" } },
      named: { type: "streamableHttp", url: "https://a.example/sse" },
      dashed: { type: "streamable-http", url: "https://a.example/" },
      typed: { type: "sse", url: "https://a.example/events" },
      guessed: { url: "https://a.example/sse?x=1" },
      socket: { url: "wss://a.example" },
      ws: { type: "ws", url: "ws://a.example" },
    },
  });
  expect(warnings).toEqual([]);
  expect(config.mcp_servers).toMatchObject({
    local: {
      transport_type: "stdio",
      config: { command: "npx", args: ["-y", "x"], env: { A: "1", PORT: "80" }, cwd: "/srv" },
    },
    off: { is_active: false },
    plain: { transport_type: "http", config: { url: "https://a.example/mcp", headers: { k: "v" } } },
    named: { transport_type: "http" },
    dashed: { transport_type: "http" },
    typed: { transport_type: "sse" },
    guessed: { transport_type: "sse" },
    socket: { transport_type: "websocket" },
    ws: { transport_type: "websocket" },
  });
  expect(config.mcp_servers["local"]?.config).not.toHaveProperty("env.NONE");
});

test("[config.formats.vscode] a file of VS Code loads; its inputs become variables, and a warning names them", () => {
  const { config, warnings } = parse({
    inputs: [{ type: "promptString", id: "api-key", password: true }],
    servers: {
      local: {
        type: "stdio",
        command: "${env:HOME}/x",
        env: { KEY: "${input:api-key}" },
        dev: { watch: "a" },
      },
      far: { type: "http", url: "https://a.example", headers: { authorization: "Bearer ${input:api-key}" } },
    },
  });
  expect(config.mcp_servers).toMatchObject({
    local: { transport_type: "stdio", config: { command: "${HOME}/x", env: { KEY: "${API_KEY}" } } },
    far: { transport_type: "http", config: { headers: { authorization: "Bearer ${API_KEY}" } } },
  });
  expect(warnings).toEqual([
    expect.stringMatching(/file\.json: inputs: .*API_KEY/),
    "file.json: servers.local.dev: unknown key, it has no effect",
  ]);
});

test("[config.formats.references] what VS Code would fill in is a variable, and a default stays one", () => {
  const args = ["${workspaceFolder:my root}/x", "${config:editor.tabSize}", "${env:HOME}", "${A:-b}"];
  const { config } = parse({ servers: { local: { command: "x", args } } });
  expect(config.mcp_servers["local"]?.config).toMatchObject({
    args: ["${workspaceFolder_my_root}/x", "${config_editor_tabSize}", "${HOME}", "${A:-b}"],
  });
});

test("[config.formats.own_keys] our own settings work in the other formats as well", () => {
  const auth = { type: "bearer", token: "${env:TOKEN}" };
  const { config, warnings } = parse({
    default_timeout: 7,
    mcpServers: {
      far: { url: "https://a.example", deny_tools: ["x"], pin: "warn", auth },
      l: { command: "x", instances: 2 },
    },
  });
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({
    default_timeout: 7,
    mcp_servers: {
      far: { deny_tools: ["x"], pin: "warn", auth: { token: "${TOKEN}" } },
      l: { instances: 2 },
    },
  });
});

test("[config.formats.unknown] unknown keys of the other formats are told of and have no effect", () => {
  const { warnings } = parse({
    theme: "dark",
    mcpServers: { a: { command: "x", autoApprove: ["y"], envFile: "/" } },
  });
  expect(warnings).toEqual([
    "file.json: theme: unknown key, it has no effect",
    "file.json: mcpServers.a.autoApprove: unknown key, it has no effect",
    "file.json: mcpServers.a.envFile: unknown key, it has no effect",
  ]);
});

test.each([
  [{ mcpServers: { a: {} } }, 'mcpServers.a: needs "command" or "url"'],
  [{ mcpServers: { a: { command: "x", url: "https://a" } } }, 'mcpServers.a: has both "command" and "url"'],
  [
    { mcpServers: { a: { type: "toString", url: "https://a" } } },
    "mcpServers.a: type must be one of stdio, http",
  ],
  [{ mcpServers: { a: { type: "http", command: "x" } } }, "mcpServers.a.url: "],
  [{ mcpServers: { a: { command: "x", disabled: "true" } } }, "mcpServers.a: disabled must be true or false"],
  [{ mcpServers: { a: { command: 7 } } }, "mcpServers.a.command: "],
  [{ mcpServers: { a: { command: "x", args: [1] } } }, "mcpServers.a.args[0]: "],
  [{ mcpServers: { a: { command: "x", pin: "maybe" } } }, "mcpServers.a.pin: "],
  [{ servers: { a: "npx" } }, "servers.a: must be an object"],
  [{ servers: [] }, "servers: must be an object of servers by name"],
  [{ servers: { a: { transport_type: "stdio", config: {} } } }, 'belongs under "mcp_servers"'],
])("[config.formats.errors] %j is refused with the path as the file has it", (file, message) => {
  expect(() => parse(file)).toThrow(message);
});

test("[config.formats.error_paths] the path of a wrong server is told whole, whatever its name is", () => {
  const path = "mcpServers.my: server";
  const errors = [{ path, message: 'needs "command" or "url"' }];
  expect(() => parse({ mcpServers: { "my: server": {} } })).toThrow(expect.objectContaining({ errors }));
});

test("[config.formats.all_errors] what is wrong at the top is told together with what is wrong in a server", () => {
  const servers = JSON.parse('{"__proto__": {"command": "x"}, "a": {}}') as object;
  const paths = ["mcpServers.a", "default_timeout", "mcpServers"];
  const errors = paths.map((path) => expect.objectContaining({ path }) as unknown);
  expect(() => parse({ default_timeout: 0, mcpServers: servers })).toThrow(
    expect.objectContaining({ errors }),
  );
});

test.each([
  [{}, /no servers.*"mcp_servers", "mcpServers", "servers"/],
  [{ mcp_servers: {}, mcpServers: {} }, /"mcp_servers", "mcpServers", which are different formats/],
  [[], /must be an object/],
  [null, /must be an object/],
])("[config.formats.which] %j is in none of the forms, or in more than one", (file, message) => {
  expect(() => parse(file)).toThrow(message);
});

test.each([{ mcp_servers: {} }, { mcpServers: {} }, { servers: {} }])(
  "[config.formats.empty] %j is a file without servers, and fine",
  (file) => {
    expect(parse(file)).toMatchObject({ config: { mcp_servers: {} }, warnings: [] });
  },
);

test.each([
  ["short", '{"a": 1,\n "token": hunter22}'],
  ["long", `{"a": 1,\n "token": hunter22, "long": "${"x".repeat(200)}"}`],
])(
  "[config.mcp.excerpt] a broken file that is %s is told of by its place, without an excerpt of it",
  (_what, text) => {
    expect(() => parseMcpConfig("file.json", text)).toThrow(
      /file\.json is not valid JSON: .*line 2 column 11/,
    );
    expect(() => parseMcpConfig("file.json", text)).not.toThrow(/hunter22/);
  },
);
