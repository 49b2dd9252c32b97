import type { McpConfig, McpServerConfig } from "@millrace/contracts";
import { resolveApproval } from "./approval-rules.ts";
import { createInterpolation, type Interpolation } from "./interpolate.ts";
import { collectSecrets } from "./secrets.ts";
import type { ServerSettings, TransportSettings } from "./server-settings.ts";

/** What applies to every server that says nothing else. */
export interface ServerDefaults {
  readonly timeoutSeconds: number;
  readonly toolTimeoutSeconds: number;
  readonly maxConcurrentTools: number;
  readonly logStderr: boolean;
}

const PROTOCOLS = {
  http: ["http:", "https:"],
  sse: ["http:", "https:"],
  websocket: ["ws:", "wss:"],
} as const;

function resolveTransport(server: McpServerConfig, { text, record }: Interpolation): TransportSettings {
  if (server.transport_type === "stdio") {
    const { command, args, env } = server.config;
    return { type: "stdio", command: text(command), args: args.map(text), env: record(env) };
  }
  const { url, headers } = server.config;
  return { type: server.transport_type, url: text(url), headers: record(headers) };
}

/** Messages quote the file's own text, never the values put into it: those may be secret. */
function findProblem(
  server: McpServerConfig,
  transport: TransportSettings,
  missing: ReadonlySet<string>,
): string | null {
  if (missing.size > 0) {
    const [first] = missing;
    const names = [...missing].join(", ");
    return `environment variable not set: ${names}. Set it, or give a default with \${${first}:-default}`;
  }
  if (server.transport_type === "stdio" || transport.type === "stdio") return null;
  const protocols: readonly string[] = PROTOCOLS[transport.type];
  if (URL.canParse(transport.url) && protocols.includes(new URL(transport.url).protocol)) return null;
  const schemes = protocols.map((protocol) => `${protocol}//`).join(" or ");
  return `config.url "${server.config.url}" is not a URL that begins with ${schemes}`;
}

function resolveServer(
  name: string,
  server: McpServerConfig,
  defaults: ServerDefaults,
  env: Readonly<Record<string, string | undefined>>,
): ServerSettings {
  const interpolation = createInterpolation(env);
  const transport = resolveTransport(server, interpolation);
  return {
    name,
    displayName: server.display_name ?? name,
    description: server.description ?? null,
    transport,
    connectTimeoutMs: (server.timeout ?? defaults.timeoutSeconds) * 1_000,
    toolTimeoutMs: (server.tool_timeout ?? defaults.toolTimeoutSeconds) * 1_000,
    maxConcurrentTools: server.max_concurrent_tools ?? defaults.maxConcurrentTools,
    approval: resolveApproval(server.approval),
    logStderr: defaults.logStderr,
    problem: findProblem(server, transport, interpolation.missing),
    secrets: collectSecrets(transport, interpolation.values),
  };
}

/** Resolves every active server, in the order of the file. */
export function resolveServers(
  config: McpConfig,
  defaults: ServerDefaults,
  env: Readonly<Record<string, string | undefined>>,
): ServerSettings[] {
  return Object.entries(config.mcp_servers)
    .filter(([, server]) => server.is_active)
    .map(([name, server]) => resolveServer(name, server, defaults, env));
}
