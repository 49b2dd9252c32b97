import { z } from "zod";
import { ApprovalPolicy } from "./approval.ts";
import { checkFirst, noPrototypeKey } from "./check-first.ts";
import { McpAuth } from "./mcp-auth.ts";

const seconds = z.number().positive().max(86_400);
const limit = z.int().min(1).max(10_000);

const approval = z
  .union([ApprovalPolicy, z.record(z.string().min(1), ApprovalPolicy)], {
    error:
      'must be "never", "destructive" or "always", or an object that gives one of them for each pattern of tool names, such as {"*": "destructive", "write_*": "always"}',
  })
  .describe(
    "Which calls wait for somebody's approval: never (the default), destructive (also a tool without annotations), always; or one of them for each pattern (* and ?) on the server's own tool names, of which the strictest that fits counts.",
  );

const globs = z.array(z.string().min(1)).max(1_000);

const pins = z
  .record(
    z.string().min(1),
    z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hex digits, as the warning says'),
  )
  .describe("The approved hash of each tool, by the server's own name; a warning or error tells it.");

/** The most that a job's result may hold (in bytes of JSON); `result_limit_bytes` only lowers it. */
export const RESULT_BYTES_MAX = 8 * 1024 * 1024;

/** How long one call may take on a server that says nothing else. */
export const DEFAULT_TOOL_TIMEOUT_SECONDS = 60;

/** What every server takes, whatever its transport. */
const perServer = {
  display_name: z.string().optional(),
  description: z.string().optional(),
  is_active: z.boolean().default(true).describe("false leaves the server out."),
  timeout: seconds.optional().describe("Seconds for connecting and listing. Default `default_timeout`."),
  tool_timeout: seconds
    .optional()
    .describe(`Seconds for one call. Default MCP_TOOL_EXECUTION_TIMEOUT (${DEFAULT_TOOL_TIMEOUT_SECONDS}).`),
  max_concurrent_tools: limit.optional().describe("Calls at once on this server, for each worker."),
  allow_tools: globs
    .optional()
    .describe("Only tools whose own name fits one of these patterns (* and ?) are listed and can be called."),
  deny_tools: globs
    .default([])
    .describe("Tools that fit are neither listed nor called; wins over `allow_tools`."),
  required: z.boolean().default(false).describe("The worker takes no jobs without this server."),
  lifecycle: z
    .enum(["eager", "lazy"])
    .default("eager")
    .describe("lazy rests after `idle_timeout` without a call and connects again for the next one."),
  idle_timeout: seconds.default(300).describe("Seconds; for lazy servers."),
  protocol: z
    .enum(["auto", "legacy", "2026-07-28"])
    .default("auto")
    .describe("Protocol version: legacy is every one up to 2025-11-25; auto finds out."),
  approval: approval.optional(),
  pin: z
    .enum(["off", "warn", "block"])
    .default("off")
    .describe(
      "What is done with a tool whose description or schemas change: nothing, a warning, or left out.",
    ),
  pins: pins.default({}),
  sampling: z
    .boolean()
    .default(false)
    .describe(
      "Whether its tools may ask the model of the chat job that calls them; it then gets one call at a time on each copy.",
    ),
  elicitation: z
    .enum(["decline", "defaults"])
    .optional()
    .describe(
      "How its questions for a human are answered: declined, or with the defaults of the form. Left out, the server is told that nobody answers any.",
    ),
  roots: z
    .array(z.string().regex(/^file:\/\/\/\S*$/, "must be a file URI such as file:///srv/data"))
    .max(1_000)
    .default([])
    .describe("The folders that the server is told to keep to, as file:///… URIs; ${VAR} works."),
  result_limit_bytes: z
    .int()
    .min(1_024)
    .max(RESULT_BYTES_MAX)
    .default(RESULT_BYTES_MAX)
    .describe("Largest result of a call, in bytes of its JSON; a larger one fails with result_too_large."),
};

const stdio = z.strictObject({
  transport_type: z.literal("stdio"),
  ...perServer,
  instances: z.int().min(1).max(64).default(1).describe("Copies of the server that share its calls."),
  config: z.strictObject({
    command: z.string().min(1).describe("Program to start; ${VAR} and ${VAR:-default} work."),
    args: z.array(z.string()).default([]),
    env: z
      .record(z.string(), z.string())
      .default({})
      .describe("Beside PATH, HOME and a few more, the only variables that the server sees."),
    cwd: z
      .string()
      .min(1)
      .optional()
      .describe(
        "The folder that it is started in. Default: the worker's own; ${VAR} and ${VAR:-default} work.",
      ),
  }),
});

const remote = <Type extends string>(type: Type, scheme: string) =>
  z.strictObject({
    transport_type: z.literal(type),
    ...perServer,
    auth: McpAuth.optional(),
    config: z.strictObject({
      url: z.string().min(1).describe(`${scheme} URL; \${VAR} and \${VAR:-default} work.`),
      headers: z.record(z.string(), z.string()).default({}).describe("Sent with every request."),
    }),
  });

/** Settings that are right each alone and contradict each other. */
function findContradictions({ value, issues }: z.core.ParsePayload<ServerShape>): void {
  const complain = (path: string[], message: string) =>
    issues.push({ code: "custom", input: value, path, message });
  if (value.pin === "off" && Object.keys(value.pins).length > 0) {
    complain(["pins"], 'works only with "pin": "warn" or "block"');
  }
  if (value.transport_type === "stdio" || value.auth === undefined) return;
  const header = Object.keys(value.config.headers).find((name) => name.toLowerCase() === "authorization");
  if (header !== undefined)
    complain(["config", "headers", header], 'is given by "auth": remove one of the two');
}

const ServerShape = z.discriminatedUnion("transport_type", [
  stdio,
  remote("http", "Streamable HTTP: an http or https"),
  remote("sse", "The older HTTP+SSE: an http or https"),
  remote("websocket", "A ws or wss"),
]);
type ServerShape = z.infer<typeof ServerShape>;

/** One MCP server, by its transport. */
export const McpServerConfig = ServerShape.check(findContradictions);
export type McpServerConfig = z.infer<typeof McpServerConfig>;

/** The keys of a server that stand beside `transport_type` and `config`. */
export const SERVER_SETTING_KEYS: readonly string[] = [...Object.keys(perServer), "instances", "auth"];

export const TransportType = z.enum(["stdio", "http", "sse", "websocket"]);
export type TransportType = z.infer<typeof TransportType>;

/** `config/mcp-servers.json`. Times are seconds. An unknown key is an error that names its path. */
export const McpConfig = z
  .strictObject({
    $schema: z.string().optional(),
    default_timeout: seconds.default(30).describe("Seconds for connecting and listing."),
    max_concurrent_tools: limit.default(5).describe("Calls at once, for each server and worker."),
    enable_logging: z.boolean().default(true).describe("Log what the servers write to stderr."),
    mcp_servers: checkFirst(noPrototypeKey, z.record(z.string().min(1).max(128), McpServerConfig)),
  })
  .meta({ title: "Millrace MCP servers" });
export type McpConfig = z.infer<typeof McpConfig>;
