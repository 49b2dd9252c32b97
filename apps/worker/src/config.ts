import { z } from "zod";

const DEFAULT_MCP_CONFIG_FILE = "config/mcp-servers.json";

const seconds = z.coerce.number().positive().max(86_400);
const atOnce = z.coerce.number().int().min(1).max(10_000);

const Environment = z.object({
  REDIS_URL: z
    .string({ error: "is required: redis://host:port of a Redis 7 or Valkey, or use `npm start`" })
    .regex(/^rediss?:\/\//, "must begin with redis:// or rediss://"),
  REDIS_KEY_PREFIX: z
    .string()
    .regex(/^[\w-]{1,32}$/, "takes 1 to 32 letters, digits, _ and -")
    .default("millrace"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  MCP_CONFIG_FILE: z.string().optional(),
  MCP_ENABLE_LOGGING: z.stringbool().optional(),
  MCP_DEFAULT_TIMEOUT: seconds.optional(),
  MCP_MAX_CONCURRENT_TOOLS: atOnce.optional(),
  MCP_TOOL_EXECUTION_TIMEOUT: seconds.default(60),
  TOOL_CONCURRENCY: atOnce.default(50),
  DRAIN_TIMEOUT_SECONDS: z.coerce.number().min(0).max(86_400).default(30),
});

/** The worker's settings, parsed once. Times are in the unit of their name. */
export interface WorkerConfig {
  readonly redisUrl: string;
  readonly keyPrefix: string;
  readonly logLevel: string;
  readonly mcp: {
    readonly path: string;
    /** Whether the file was named: then it must exist. */
    readonly explicit: boolean;
    /** Where `${VAR}` in the file is looked up. */
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly overrides: {
      readonly enableLogging: boolean | undefined;
      readonly defaultTimeoutSeconds: number | undefined;
      readonly maxConcurrentTools: number | undefined;
      readonly toolTimeoutSeconds: number;
    };
  };
  readonly toolConcurrency: number;
  readonly drainTimeoutMs: number;
}

/**
 * Reads the environment.
 * @throws Error with every wrong value, one on a line.
 */
export function parseWorkerConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  // An empty variable counts as absent, as shells and compose files write it.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ""));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment is not right:\n${lines.join("\n")}`);
  }
  const { data } = parsed;
  return Object.freeze({
    redisUrl: data.REDIS_URL,
    keyPrefix: data.REDIS_KEY_PREFIX,
    logLevel: data.LOG_LEVEL,
    mcp: {
      path: data.MCP_CONFIG_FILE ?? DEFAULT_MCP_CONFIG_FILE,
      explicit: data.MCP_CONFIG_FILE !== undefined,
      env: given,
      overrides: {
        enableLogging: data.MCP_ENABLE_LOGGING,
        defaultTimeoutSeconds: data.MCP_DEFAULT_TIMEOUT,
        maxConcurrentTools: data.MCP_MAX_CONCURRENT_TOOLS,
        toolTimeoutSeconds: data.MCP_TOOL_EXECUTION_TIMEOUT,
      },
    },
    toolConcurrency: data.TOOL_CONCURRENCY,
    drainTimeoutMs: data.DRAIN_TIMEOUT_SECONDS * 1_000,
  });
}
