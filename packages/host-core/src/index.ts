export type { Clock } from "./clock.ts";
export { ConfigError } from "./config/config-error.ts";
export {
  loadMcpConfig,
  type LoadedMcpConfig,
  type LoadMcpConfigOptions,
  type McpConfigOverrides,
} from "./config/load-mcp-config.ts";
export type { ServerSettings, TransportSettings } from "./config/server-settings.ts";
export type { ToolProgress } from "./connection/connection.ts";
export { createHost, type Host, type HostOptions, type ToolCallRequest } from "./host.ts";
export type { Logger } from "./logger.ts";
export { startProcessGuard, type ProcessGuard, type ProcessGuardOptions } from "./process/process-guard.ts";
export type { ToolCallOutcome } from "./server/run-call.ts";
