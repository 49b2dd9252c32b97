import { expect, test } from "vitest";
import { parseWorkerConfig } from "./config.ts";

const REDIS_URL = "redis://localhost:6379";

/** The names of the variables that it complains of, in the order of the alphabet. */
function named(environment: Record<string, string>): string[] {
  try {
    parseWorkerConfig({ REDIS_URL, ...environment });
    return [];
  } catch (error) {
    const { message } = error as Error;
    return [...message.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name ?? "").toSorted();
  }
}

test("[worker.config.defaults] only REDIS_URL is needed", () => {
  const { mcp, ...config } = parseWorkerConfig({ REDIS_URL, TOOL_CONCURRENCY: "" });
  expect(config).toEqual({
    redisUrl: REDIS_URL,
    keyPrefix: "millrace",
    logLevel: "info",
    modelsFile: { path: "config/models.json", isNamed: false, environment: { REDIS_URL } },
    toolConcurrency: 50,
    chatConcurrency: 100,
    maxCrashes: 20,
    drainTimeoutMs: 30_000,
    webhooks: { secrets: [], allowedHosts: [] },
  });
  expect(mcp).toMatchObject({ path: "config/mcp-servers.json", isNamed: false });
  expect(mcp.overrides.toolTimeoutSeconds).toBe(60);
  expect(named({ REDIS_URL: "" })).toEqual(["REDIS_URL"]);
});

test("[worker.config.overrides] the environment's settings for MCP servers are passed on", () => {
  const { mcp } = parseWorkerConfig({
    REDIS_URL,
    MCP_CONFIG_FILE: "mine.json",
    MCP_ENABLE_LOGGING: "false",
    MCP_DEFAULT_TIMEOUT: "2.5",
    MCP_MAX_CONCURRENT_TOOLS: "3",
    MCP_TOOL_EXECUTION_TIMEOUT: "4",
    SOME_TOKEN: "token",
  });
  expect(mcp).toMatchObject({ path: "mine.json", isNamed: true, env: { SOME_TOKEN: "token" } });
  expect(mcp.overrides).toEqual({
    enableLogging: false,
    defaultTimeoutSeconds: 2.5,
    maxConcurrentTools: 3,
    toolTimeoutSeconds: 4,
  });
});

test.for([
  ["REDIS_URL", "http://localhost"],
  ["REDIS_KEY_PREFIX", "a:b"],
  ["LOG_LEVEL", "loud"],
  ["MCP_ENABLE_LOGGING", "perhaps"],
  ["MCP_DEFAULT_TIMEOUT", "0"],
  ["MCP_DEFAULT_TIMEOUT", "soon"],
  ["MCP_MAX_CONCURRENT_TOOLS", "1.5"],
  ["MCP_TOOL_EXECUTION_TIMEOUT", "-1"],
  ["TOOL_CONCURRENCY", "0"],
  ["TOOL_CONCURRENCY", "many"],
  ["CHAT_CONCURRENCY", "0"],
  ["DRAIN_TIMEOUT_SECONDS", "-1"],
  ["ANTHROPIC_BASE_URL", "api.anthropic.com"],
  ["OPENAI_BASE_URL", "ftp://127.0.0.1/v1"],
  ["OPENAI_BASE_URL", "http://user:pass@ollama.lan/v1"],
  ["HTTP_PROXY", "proxy.corp:8080"],
  ["https_proxy", "ftp://proxy.corp"],
] as const)("[worker.config.wrong] refuses %s=%s", ([name, value]) => {
  expect(named({ [name]: value })).toEqual([name]);
});

test("[worker.config.wrong] tells all that is wrong together", () => {
  const environment = { REDIS_URL: "x", TOOL_CONCURRENCY: "x", DRAIN_TIMEOUT_SECONDS: "x" };
  expect(named(environment)).toEqual(["DRAIN_TIMEOUT_SECONDS", "REDIS_URL", "TOOL_CONCURRENCY"]);
});

test.for([
  "me:hunter22@proxy.corp:8080",
  "http://me:50%zzhunter22@proxy.corp",
  "http://me:hunter22/x@proxy",
  "http://me:6#hunter22@proxy",
  "http://me:6/hunter22@proxy",
])(
  "[worker.config.proxy] HTTPS_PROXY=%s is refused with the cure, and without its password",
  (HTTPS_PROXY) => {
    const wrong = "HTTPS_PROXY: must be a URL such as http://proxy.example:8080; percent-encode";
    const parsing = () => parseWorkerConfig({ REDIS_URL, HTTPS_PROXY });
    expect(parsing).toThrow(wrong);
    expect(parsing).not.toThrow("hunter22");
    expect(named({ HTTPS_PROXY: "http://me:hunter%2F22@proxy.corp:8080", http_proxy: "" })).toEqual([]);
  },
);

test("[webhook.config] secrets are long enough, and hosts have neither scheme nor port", () => {
  const secret = "4f2a91c07be35d68a1f0c2e49b7d5836";
  const { webhooks } = parseWorkerConfig({
    REDIS_URL,
    WEBHOOK_SECRET: `${secret}, ${secret.toUpperCase()}`,
    WEBHOOK_ALLOW_HOSTS: "hooks.internal, 10.0.0.7,[::1],",
  });
  expect(webhooks).toEqual({
    secrets: [secret, secret.toUpperCase()],
    allowedHosts: ["hooks.internal", "10.0.0.7", "[::1]"],
  });
  expect(named({ WEBHOOK_SECRET: `${secret},short` })).toEqual(["WEBHOOK_SECRET"]);
  expect(named({ WEBHOOK_ALLOW_HOSTS: "http://hooks.internal" })).toEqual(["WEBHOOK_ALLOW_HOSTS"]);
  expect(named({ WEBHOOK_ALLOW_HOSTS: "hooks.internal:8080" })).toEqual(["WEBHOOK_ALLOW_HOSTS"]);
});
