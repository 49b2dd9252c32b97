import { z } from "zod";
import { ApprovalPolicy } from "./approval.ts";

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

const perServer = {
  display_name: z.string().optional(),
  description: z.string().optional(),
  is_active: z.boolean().default(true).describe("false leaves the server out."),
  timeout: seconds.optional().describe("Seconds for connecting and listing. Default `default_timeout`."),
  tool_timeout: seconds.optional().describe("Seconds for one call. Default MCP_TOOL_EXECUTION_TIMEOUT (60)."),
  max_concurrent_tools: limit.optional().describe("Calls at once on this server, for each worker."),
  approval: approval.optional(),
};

const stdio = z.strictObject({
  transport_type: z.literal("stdio"),
  ...perServer,
  config: z.strictObject({
    command: z.string().min(1).describe("Program to start; ${VAR} and ${VAR:-default} work."),
    args: z.array(z.string()).default([]),
    env: z
      .record(z.string(), z.string())
      .default({})
      .describe("Beside PATH, HOME and a few more, the only variables that the server sees."),
  }),
});

const remote = <Type extends string>(type: Type, scheme: string) =>
  z.strictObject({
    transport_type: z.literal(type),
    ...perServer,
    config: z.strictObject({
      url: z.string().min(1).describe(`${scheme} URL; \${VAR} and \${VAR:-default} work.`),
      headers: z.record(z.string(), z.string()).default({}).describe("Sent with every request."),
    }),
  });

/** One MCP server, by its transport. */
export const McpServerConfig = z.discriminatedUnion("transport_type", [
  stdio,
  remote("http", "Streamable HTTP: an http or https"),
  remote("sse", "The older HTTP+SSE: an http or https"),
  remote("websocket", "A ws or wss"),
]);
export type McpServerConfig = z.infer<typeof McpServerConfig>;

export const TransportType = z.enum(["stdio", "http", "sse", "websocket"]);
export type TransportType = z.infer<typeof TransportType>;

/** `config/mcp-servers.json`. Times are seconds. An unknown key is an error that names its path. */
export const McpConfig = z
  .strictObject({
    $schema: z.string().optional(),
    default_timeout: seconds.default(30).describe("Seconds for connecting and listing."),
    max_concurrent_tools: limit.default(5).describe("Calls at once, for each server and worker."),
    enable_logging: z.boolean().default(true).describe("Log what the servers write to stderr."),
    mcp_servers: z.record(z.string().min(1).max(128), McpServerConfig),
  })
  .meta({ title: "Millrace MCP servers" });
export type McpConfig = z.infer<typeof McpConfig>;
