import { z } from "zod";
import { atMostEntries, checkFirst } from "./check-first.ts";
import { TransportType } from "./mcp-config.ts";
import { ContentBlock, ToolArguments } from "./tool-call.ts";

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

/** Of several copies or workers, the first of these that any has. */
export const BEST_STATUS_FIRST = [
  "connected",
  "connecting",
  "needs_auth",
  "error",
  "disconnected",
] as const satisfies readonly ServerStatus[];

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

/** Data that a server offers under a URI. */
export const Resource = z
  .object({
    uri: z.string(),
    name: z.string(),
    title: z.string().nullable(),
    description: z.string().nullable(),
    mime_type: z.string().nullable(),
  })
  .meta({ id: "Resource" });
export type Resource = z.infer<typeof Resource>;

/** A pattern of URIs (RFC 6570) under which a server offers data. */
export const ResourceTemplate = z
  .object({
    uri_template: z.string(),
    name: z.string(),
    title: z.string().nullable(),
    description: z.string().nullable(),
    mime_type: z.string().nullable(),
  })
  .meta({ id: "ResourceTemplate" });
export type ResourceTemplate = z.infer<typeof ResourceTemplate>;

/** A prompt that a server offers, and what can be filled in. */
export const Prompt = z
  .object({
    name: z.string(),
    title: z.string().nullable(),
    description: z.string().nullable(),
    arguments: z.array(
      z.object({ name: z.string(), description: z.string().nullable(), required: z.boolean() }),
    ),
  })
  .meta({ id: "Prompt" });
export type Prompt = z.infer<typeof Prompt>;

/** A tool that a server lists and nobody can use. */
export const WithheldTool = z
  .object({
    tool_name: z.string().describe("The tool's own name, or its position in the list when it has none."),
    reason: z.string().describe("Why nobody can use it: its definition, the server's settings, or its pin."),
  })
  .meta({ id: "WithheldTool" });
export type WithheldTool = z.infer<typeof WithheldTool>;

/** What one worker knows of one server. */
export const ServerReport = z.object({
  name: z.string(),
  display_name: z.string(),
  description: z.string().nullable(),
  transport_type: TransportType,
  status: ServerStatus,
  last_error: z.string().nullable(),
  tools: z.array(Tool),
  withheld_tools: z.array(WithheldTool),
  resources: z.array(Resource),
  resource_templates: z.array(ResourceTemplate),
  prompts: z.array(Prompt),
  /** Whether resources, templates or prompts were left out, because there are too many to be published. */
  truncated: z.boolean(),
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
export const ServerToolList = z
  .object({ tools: z.array(Tool), withheld: z.array(WithheldTool) })
  .meta({ id: "ServerToolList" });
export type ServerToolList = z.infer<typeof ServerToolList>;
const truncated = z.boolean().describe("Whether entries were left out because there are too many.");
export const ResourceList = z
  .object({ resources: z.array(Resource), resource_templates: z.array(ResourceTemplate), truncated })
  .meta({ id: "ResourceList" });
export type ResourceList = z.infer<typeof ResourceList>;
export const PromptList = z.object({ prompts: z.array(Prompt), truncated }).meta({ id: "PromptList" });
export type PromptList = z.infer<typeof PromptList>;

/** A part of a resource: `text`, or `blob` in base64; the other is null. */
export const ResourceContent = z
  .object({
    uri: z.string(),
    mime_type: z.string().nullable(),
    text: z.string().nullable(),
    blob: z.string().nullable(),
  })
  .meta({ id: "ResourceContent" });
export type ResourceContent = z.infer<typeof ResourceContent>;
export const ResourceContents = z
  .object({ contents: z.array(ResourceContent) })
  .meta({ id: "ResourceContents" });
export type ResourceContents = z.infer<typeof ResourceContents>;

/** Body of `POST /mcp/servers/{server}/prompts/{prompt}`. */
export const PromptRequest = z
  .strictObject({
    arguments: checkFirst(atMostEntries(1_000), z.record(z.string(), z.string())).default({}),
  })
  .meta({ id: "PromptRequest" });

/** A prompt with its arguments filled in. */
export const FilledPrompt = z
  .object({
    description: z.string().nullable(),
    messages: z.array(z.object({ role: z.enum(["user", "assistant"]), content: ContentBlock })),
  })
  .meta({ id: "FilledPrompt" });
export type FilledPrompt = z.infer<typeof FilledPrompt>;

/** What a worker's reload did, in names of servers; an error that is not one server's has `server: null`. */
export const WorkerReload = z
  .object({
    id: z.string(),
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.string()),
    unchanged: z.array(z.string()),
    errors: z.array(z.object({ server: z.string().nullable(), message: z.string() })),
  })
  .meta({ id: "WorkerReload" });
export type WorkerReload = z.infer<typeof WorkerReload>;
export const ReloadResponse = z
  .object({ message: z.string(), workers: z.array(WorkerReload) })
  .meta({ id: "ReloadResponse" });
export type ReloadResponse = z.infer<typeof ReloadResponse>;

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
