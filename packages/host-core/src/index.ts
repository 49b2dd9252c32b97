export { abortable } from "./abortable.ts";
export type { AgentOutcome, AgentRun, AgentTools, CoolDowns } from "./agent/agent.ts";
export { runAgent } from "./agent/run-agent.ts";
export { ProgressWriter } from "./agent/progress-writer.ts";
export { mayRunAgain } from "./agent/unknown-outcome.ts";
export { systemClock, type Clock } from "./clock.ts";
export { createServerSettings, type GivenSettings } from "./config/create-server-settings.ts";
export {
  loadMcpConfig,
  type LoadedMcpConfig,
  type LoadMcpConfigOptions,
  type McpConfigOverrides,
} from "./config/load-mcp-config.ts";
export type { AuthSettings, ServerSettings, TransportSettings } from "./config/server-settings.ts";
export type {
  Completion,
  CompletionRequest,
  PromptContents,
  ResourceContents,
  ToolProgress,
} from "./connection/connection.ts";
export type { Host, HostOptions } from "./host.ts";
export type { Logger } from "./logger.ts";
export { createHost } from "./mcp-host.ts";
export { createModel, loadProvider } from "./model/create-model.ts";
export type { Model, ModelRequest, ModelTurn } from "./model/model.ts";
export { startProcessGuard, type ProcessGuard, type ProcessGuardOptions } from "./process/process-guard.ts";
export type { Reading } from "./read-from-server.ts";
export type { StopListener, ToolCallOutcome } from "./server/run-call.ts";
export type { ReloadReport } from "./server-pool.ts";
export type { ToolCallRequest } from "./tool-call-request.ts";
