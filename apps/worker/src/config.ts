import {
  configFile,
  DEFAULT_MAX_CRASHES,
  DEFAULT_MODELS_CONFIG_FILE,
  DEFAULT_TOOL_TIMEOUT_SECONDS,
  hasReadableCredentials,
  parseEnvironment,
  presentVariables,
  sharedVariables,
  type ConfigFile,
} from "@millrace/contracts";
import type { ModelsFile } from "@millrace/service";
import { z } from "zod";

const DEFAULT_MCP_CONFIG_FILE = "config/mcp-servers.json";

const seconds = z.coerce.number().positive().max(86_400);
const atOnce = z.coerce.number().int().min(1).max(10_000);

const hosts = z
  .string()
  .default("")
  .transform((text) => text.split(",").map((host) => host.trim()))
  .transform((names) => names.filter((host) => host !== ""))
  .refine(
    (names) => names.every((host) => /^(\[[0-9a-f:.]+\]|[\w.-]+|[0-9a-f:.]+)$/i.test(host)),
    "takes names and addresses without scheme and port, separated by commas",
  );

/** Of the way to the model providers; told without the value, which may hold a password. */
const proxy = z
  .string()
  .refine(
    isProxyUrl,
    "must be a URL such as http://proxy.example:8080; percent-encode special characters of its user name and password",
  )
  .optional();

const Environment = z.object({
  ...sharedVariables,
  MCP_CONFIG_FILE: z.string().optional(),
  WEBHOOK_ALLOW_HOSTS: hosts,
  MCP_ENABLE_LOGGING: z.stringbool().optional(),
  MCP_DEFAULT_TIMEOUT: seconds.optional(),
  MCP_MAX_CONCURRENT_TOOLS: atOnce.optional(),
  MCP_TOOL_EXECUTION_TIMEOUT: seconds.default(DEFAULT_TOOL_TIMEOUT_SECONDS),
  TOOL_CONCURRENCY: atOnce.default(50),
  CHAT_CONCURRENCY: atOnce.default(100),
  MAX_CRASHES: z.coerce.number().int().min(1).max(1_000).default(DEFAULT_MAX_CRASHES),
  DRAIN_TIMEOUT_SECONDS: z.coerce.number().min(0).max(86_400).default(30),
  HTTP_PROXY: proxy,
  HTTPS_PROXY: proxy,
  http_proxy: proxy,
  https_proxy: proxy,
  NO_PROXY: z.string().optional(),
});

function isProxyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^(https?|socks5?):$/.test(url.protocol) || url.hostname === "") return false;
  return hasReadableCredentials(url);
}

/** The worker's settings, parsed once. Times are in the unit of their name. */
export interface WorkerConfig {
  readonly redisUrl: string;
  readonly keyPrefix: string;
  readonly logLevel: string;
  readonly mcp: ConfigFile & {
    /** Where `${VAR}` in the file is looked up. */
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly overrides: {
      readonly enableLogging: boolean | undefined;
      readonly defaultTimeoutSeconds: number | undefined;
      readonly maxConcurrentTools: number | undefined;
      readonly toolTimeoutSeconds: number;
    };
  };
  readonly modelsFile: ModelsFile;
  readonly toolConcurrency: number;
  readonly chatConcurrency: number;
  readonly maxCrashes: number;
  readonly drainTimeoutMs: number;
  readonly webhooks: {
    /** With which they are signed. */
    readonly secrets: readonly string[];
    /** Hosts with private addresses that they may reach. */
    readonly allowedHosts: readonly string[];
  };
}

/**
 * Reads the environment.
 * @throws Error with every wrong value, one on a line.
 */
export function parseWorkerConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  const data = parseEnvironment(Environment, environment);
  return Object.freeze({
    redisUrl: data.REDIS_URL,
    keyPrefix: data.REDIS_KEY_PREFIX,
    logLevel: data.LOG_LEVEL,
    mcp: {
      ...configFile(data.MCP_CONFIG_FILE, DEFAULT_MCP_CONFIG_FILE),
      env: presentVariables(environment),
      overrides: {
        enableLogging: data.MCP_ENABLE_LOGGING,
        defaultTimeoutSeconds: data.MCP_DEFAULT_TIMEOUT,
        maxConcurrentTools: data.MCP_MAX_CONCURRENT_TOOLS,
        toolTimeoutSeconds: data.MCP_TOOL_EXECUTION_TIMEOUT,
      },
    },
    modelsFile: {
      ...configFile(data.MODELS_CONFIG_FILE, DEFAULT_MODELS_CONFIG_FILE),
      environment: presentVariables(environment),
    },
    toolConcurrency: data.TOOL_CONCURRENCY,
    chatConcurrency: data.CHAT_CONCURRENCY,
    maxCrashes: data.MAX_CRASHES,
    drainTimeoutMs: data.DRAIN_TIMEOUT_SECONDS * 1_000,
    webhooks: { secrets: data.WEBHOOK_SECRET, allowedHosts: data.WEBHOOK_ALLOW_HOSTS },
  });
}
