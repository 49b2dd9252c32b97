import { readFile } from "node:fs/promises";
import {
  ConfigError,
  DEFAULT_TOOL_TIMEOUT_SECONDS,
  type ConfigFile,
  type McpConfig,
} from "@millrace/contracts";
import { parseMcpConfig } from "./parse-config.ts";
import { resolveServers } from "./resolve-server.ts";
import type { ServerSettings } from "./server-settings.ts";

/** Settings of the environment; each wins over the file's top-level value, and a server's own wins over both. */
export interface McpConfigOverrides {
  enableLogging?: boolean | undefined;
  defaultTimeoutSeconds?: number | undefined;
  maxConcurrentTools?: number | undefined;
  /** Time for one call where a server names none. Default 60 s. */
  toolTimeoutSeconds?: number | undefined;
}

export interface LoadMcpConfigOptions extends ConfigFile {
  /** Where `${VAR}` is looked up. */
  env: Readonly<Record<string, string | undefined>>;
  overrides?: McpConfigOverrides;
}

export interface LoadedMcpConfig {
  readonly servers: readonly ServerSettings[];
  /** Told to the operator; none of them stops the start. */
  readonly warnings: readonly string[];
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw new ConfigError(`${path} cannot be read: ${message}`);
  }
}

function resolve(config: McpConfig, { env, overrides = {} }: LoadMcpConfigOptions): ServerSettings[] {
  const defaults = {
    timeoutSeconds: overrides.defaultTimeoutSeconds ?? config.default_timeout,
    toolTimeoutSeconds: overrides.toolTimeoutSeconds ?? DEFAULT_TOOL_TIMEOUT_SECONDS,
    maxConcurrentTools: overrides.maxConcurrentTools ?? config.max_concurrent_tools,
    logStderr: overrides.enableLogging ?? config.enable_logging,
  };
  return resolveServers(config, defaults, env);
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const part of Object.values(value)) {
    if (typeof part === "object" && part !== null) deepFreeze(part as object);
  }
  return Object.freeze(value);
}

/**
 * Reads `config/mcp-servers.json`, in our own form or that of Claude Desktop or VS Code. A variable that is missing is
 * no error here: it fails its server alone, through `ServerSettings.problem`.
 *
 * @throws ConfigError when the file was named and is missing, cannot be read, is broken JSON (with line and
 * column), or does not fit its form (with every wrong path).
 */
export async function loadMcpConfig(options: LoadMcpConfigOptions): Promise<LoadedMcpConfig> {
  const { path, isNamed } = options;
  const text = await readIfThere(path);
  if (text !== null) {
    const { config, warnings } = parseMcpConfig(path, text);
    return deepFreeze({ servers: resolve(config, options), warnings });
  }
  if (isNamed) throw new ConfigError(`${path} does not exist: create it, or correct MCP_CONFIG_FILE`);
  const warning = `${path} does not exist, so there are no MCP servers: create it, or name a file in MCP_CONFIG_FILE`;
  return deepFreeze({ servers: [], warnings: [warning] });
}
