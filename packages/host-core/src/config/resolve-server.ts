import type { McpConfig, McpServerConfig } from "@millrace/contracts";
import { resolveApproval } from "./approval-rules.ts";
import { createServerSettings } from "./create-server-settings.ts";
import { createInterpolation, type Interpolation } from "./interpolate.ts";
import { findEmptyAuth, resolveAuth } from "./resolve-auth.ts";
import { collectSecrets, redact } from "./secrets.ts";
import type { AuthSettings, ServerSettings, TransportSettings } from "./server-settings.ts";

/** What applies to every server that says nothing else. */
export interface ServerDefaults {
  readonly timeoutSeconds: number;
  readonly toolTimeoutSeconds: number;
  readonly maxConcurrentTools: number;
  readonly logStderr: boolean;
}

type RemoteTransport = Exclude<TransportSettings, { type: "stdio" }>;

const PROTOCOLS = {
  http: ["http:", "https:"],
  sse: ["http:", "https:"],
  websocket: ["ws:", "wss:"],
} as const;

function resolveTransport(server: McpServerConfig, { text, record }: Interpolation): TransportSettings {
  if (server.transport_type === "stdio") {
    const { command, args, env, cwd } = server.config;
    return {
      type: "stdio",
      command: text(command),
      args: args.map(text),
      env: record(env),
      ...(cwd !== undefined && { cwd: text(cwd) }),
    };
  }
  const { url, headers } = server.config;
  return { type: server.transport_type, url: text(url), headers: record(headers) };
}

/** Messages quote the file's own text, never the values put into it: those may be secret. */
function findProblem(
  server: McpServerConfig,
  transport: TransportSettings,
  auth: AuthSettings | null,
  missing: ReadonlySet<string>,
): string | null {
  if (missing.size > 0) {
    const [first] = missing;
    const names = [...missing].join(", ");
    return `environment variable not set: ${names}. Set it, or give a default with \${${first}:-default}`;
  }
  if (server.transport_type === "stdio" || transport.type === "stdio") return null;
  const empty = auth && findEmptyAuth(auth);
  if (empty) return `auth.${empty} is empty: its variable is set to nothing`;
  const protocols: readonly string[] = PROTOCOLS[transport.type];
  if (!URL.canParse(transport.url) || !protocols.includes(new URL(transport.url).protocol)) {
    const schemes = protocols.map((protocol) => `${protocol}//`).join(" or ");
    return `the url "${server.config.url}" is not a URL that begins with ${schemes}`;
  }
  return findUnusable(transport, auth);
}

/** What is right by its form and cannot be sent. */
function findUnusable({ type, url, headers }: RemoteTransport, auth: AuthSettings | null): string | null {
  const { username, password, hash } = new URL(url);
  if (username !== "" || password !== "") {
    return 'the url has a user name or a password: give them as "auth" or in config.headers';
  }
  if (type === "websocket" && hash !== "") return 'the url has a "#": leave it out, with what follows';
  const sent = auth?.type === "bearer" ? [["auth.token", auth.token] as const] : [];
  const values = Object.entries(headers).map(([name, value]) => [`config.headers.${name}`, value] as const);
  const unfit = [...values, ...sent].find(([, value]) => !isHeader("x", value));
  if (unfit)
    return `${unfit[0]} has a character that no header can have: use those of Latin-1, without line breaks`;
  const name = Object.keys(headers).find((given) => !isHeader(given, ""));
  return name === undefined ? null : `config.headers has the name "${name}", which no header can have`;
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
}

function resolveServer(
  name: string,
  server: McpServerConfig,
  defaults: ServerDefaults,
  env: Readonly<Record<string, string | undefined>>,
): ServerSettings {
  const interpolation = createInterpolation(env);
  const transport = resolveTransport(server, interpolation);
  const auth = server.transport_type === "stdio" ? null : resolveAuth(server.auth, interpolation);
  const questions = {
    sampling: server.sampling,
    elicitation: server.elicitation ?? null,
    roots: server.roots.map(interpolation.text),
  };
  const secrets = collectSecrets(transport, auth, interpolation.values);
  const problem = findProblem(server, transport, auth, interpolation.missing);
  return createServerSettings({
    name,
    displayName: server.display_name ?? name,
    description: server.description ?? null,
    transport,
    auth,
    protocol: server.protocol,
    instances: server.transport_type === "stdio" ? server.instances : 1,
    lifecycle: server.lifecycle,
    idleTimeoutMs: server.idle_timeout * 1_000,
    required: server.required,
    connectTimeoutMs: (server.timeout ?? defaults.timeoutSeconds) * 1_000,
    toolTimeoutMs: (server.tool_timeout ?? defaults.toolTimeoutSeconds) * 1_000,
    maxConcurrentTools: server.max_concurrent_tools ?? defaults.maxConcurrentTools,
    allowTools: server.allow_tools ?? null,
    denyTools: server.deny_tools,
    approval: resolveApproval(server.approval),
    pin: server.pin,
    pins: server.pins,
    questions,
    resultLimitBytes: server.result_limit_bytes,
    logStderr: defaults.logStderr,
    // The file's own text may hold a secret too.
    problem: problem && redact(problem, secrets),
    secrets,
  });
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
