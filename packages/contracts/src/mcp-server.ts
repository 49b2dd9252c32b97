import { z } from "zod";
import { TransportType } from "./mcp-config.ts";
import { ToolArguments } from "./tool-call.ts";

/** The public statuses of an MCP server; `unknown` while no worker has reported. */
export const ServerStatus = z.enum([
  "connected",
  "connecting",
  "disconnected",
  "error",
  "needs_auth",
  "unknown",
]);
export type ServerStatus = z.infer<typeof ServerStatus>;

const jsonSchema = z.record(z.string(), z.unknown());

/** A tool of the fleet. `name` is unified and fit for model providers; `tool_name` is the server's own. */
export const Tool = z
  .object({
    name: z.string(),
    server_name: z.string(),
    tool_name: z.string(),
    description: z.string().nullable(),
    parameters: jsonSchema,
    output_schema: jsonSchema.nullable(),
    annotations: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "Tool" });
export type Tool = z.infer<typeof Tool>;

/** What one worker knows of one server. `resources` are URIs. */
export const ServerReport = z.object({
  name: z.string(),
  display_name: z.string(),
  description: z.string().nullable(),
  transport_type: TransportType,
  status: ServerStatus,
  last_error: z.string().nullable(),
  tools: z.array(Tool),
  resources: z.array(z.string()),
});
export type ServerReport = z.infer<typeof ServerReport>;

/** A server as `GET /mcp/servers` shows it, merged over the workers. */
export const Server = z
  .object({
    name: z.string(),
    display_name: z.string(),
    description: z.string().nullable(),
    transport_type: TransportType,
    status: ServerStatus,
    available_tools: z.array(z.string()).describe("The server's own tool names."),
    available_resources: z.array(z.string()).describe("Resource URIs."),
    last_error: z.string().nullable(),
    workers: z.object({ connected: z.int(), total: z.int() }),
  })
  .meta({ id: "Server" });
export type Server = z.infer<typeof Server>;

export const ServerList = z.object({ servers: z.array(Server) }).meta({ id: "ServerList" });
export const ToolList = z.object({ tools: z.array(Tool) }).meta({ id: "ToolList" });
export const ServerHealth = z
  .object({ health: z.record(z.string(), z.boolean()) })
  .meta({ id: "ServerHealth" });

/** Body of `POST /mcp/servers/{server}/tools/{tool}/execute`. */
export const ExecuteRequest = z
  .strictObject({ arguments: ToolArguments.default({}) })
  .meta({ id: "ExecuteRequest" });

/** The answer of the execute route; 200 also when the tool failed. */
export const ExecuteResponse = z
  .object({
    success: z.boolean(),
    content: z.array(z.looseObject({ type: z.string() })),
    structured_content: z.record(z.string(), z.unknown()).nullable(),
    error: z.string().nullable(),
    execution_time_ms: z.number().nullable(),
    job_id: z.string(),
  })
  .meta({ id: "ExecuteResponse" });
export type ExecuteResponse = z.infer<typeof ExecuteResponse>;
