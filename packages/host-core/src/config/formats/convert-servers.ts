import {
  McpConfig,
  pathText,
  SERVER_SETTING_KEYS,
  type ProblemDetailError,
  isJsonObject,
  type JsonObject,
} from "@millrace/contracts";
import { describeError } from "../../describe-error.ts";
import type { Converted } from "./format.ts";
import { translateReferences } from "./references.ts";

/** What the formats call a transport, and what we call it. */
const TRANSPORT_TYPES: Readonly<Record<string, string>> = {
  stdio: "stdio",
  http: "http",
  "streamable-http": "http",
  streamable_http: "http",
  streamableHttp: "http",
  sse: "sse",
  ws: "websocket",
  websocket: "websocket",
};

const STDIO_KEYS = ["command", "args", "env", "cwd"];
const REMOTE_KEYS = ["url", "headers"];
const KNOWN_KEYS = [...STDIO_KEYS, ...REMOTE_KEYS, ...SERVER_SETTING_KEYS, "type", "disabled"];

function pick(from: JsonObject, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => keys.includes(key)));
}

/** Both formats let variables be numbers, and null for a variable that is not there. */
function textValues(variables: unknown): unknown {
  if (!isJsonObject(variables)) return variables;
  return Object.fromEntries(
    Object.entries(variables)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [
        name,
        typeof value === "number" || typeof value === "boolean" ? String(value) : value,
      ]),
  );
}

/** The transport of a server that does not name it; clients of these formats go by the same signs. */
function guessTransport({ command, url }: JsonObject): string {
  if (command !== undefined) return "stdio";
  const address = String(url);
  if (/^wss?:/i.test(address)) return "websocket";
  return /\/sse\/?(?:[?#]|$)/.test(address) ? "sse" : "http";
}

/** @throws Error that says why the entry has no transport. */
function transportOf(server: JsonObject): string {
  const { type, command, url } = server;
  if (type !== undefined) {
    const transport =
      typeof type === "string" && Object.hasOwn(TRANSPORT_TYPES, type) && TRANSPORT_TYPES[type];
    if (!transport) throw new Error(`type must be one of ${Object.keys(TRANSPORT_TYPES).join(", ")}`);
    return transport;
  }
  if (server["transport_type"] !== undefined) {
    throw new Error('a server with "transport_type" belongs under "mcp_servers"');
  }
  if (command !== undefined && url !== undefined) {
    throw new Error('has both "command" and "url": say with "type" which counts');
  }
  if (command === undefined && url === undefined) throw new Error('needs "command" or "url"');
  return guessTransport(server);
}

/** @throws Error that says why the entry cannot be read. */
function convertServer(server: JsonObject): unknown {
  const { disabled = false } = server;
  if (typeof disabled !== "boolean") throw new Error("disabled must be true or false");
  const transport = transportOf(server);
  const config =
    transport === "stdio"
      ? { ...pick(server, STDIO_KEYS), ...("env" in server && { env: textValues(server["env"]) }) }
      : pick(server, REMOTE_KEYS);
  return {
    ...pick(server, SERVER_SETTING_KEYS),
    ...(disabled && { is_active: false }),
    transport_type: transport,
    config: translateReferences(config),
    ...("auth" in server && { auth: translateReferences(server["auth"]) }),
  };
}

/**
 * Puts a file of another tool into our form. Its keys that we do not know have no effect and are told of; our own
 * settings may stand beside them. `serversKey` holds the servers.
 */
export function convertServers(file: JsonObject, serversKey: string): Converted {
  const warnings: string[] = [];
  const errors: ProblemDetailError[] = [];
  const top = pick(file, Object.keys(McpConfig.shape));
  for (const key of Object.keys(file)) {
    if (key !== serversKey && !(key in top)) warnings.push(`${key}: unknown key, it has no effect`);
  }
  const servers = file[serversKey];
  if (!isJsonObject(servers)) {
    const error = { path: serversKey, message: "must be an object of servers by name" };
    return { config: { ...top, mcp_servers: {} }, warnings, errors: [error] };
  }
  const converted: [string, unknown][] = [];
  for (const [name, server] of Object.entries(servers)) {
    const path = pathText([serversKey, name]);
    if (!isJsonObject(server)) {
      errors.push({ path, message: "must be an object" });
      continue;
    }
    for (const key of Object.keys(server)) {
      if (!KNOWN_KEYS.includes(key)) warnings.push(`${path}.${key}: unknown key, it has no effect`);
    }
    try {
      converted.push([name, convertServer(server)]);
    } catch (error) {
      errors.push({ path, message: describeError(error) });
    }
  }
  return { config: { ...top, mcp_servers: Object.fromEntries(converted) }, warnings, errors };
}

/** The path of our own form in a file that keeps `command`, `url` and the like in the server itself. */
export function flatPath(path: readonly PropertyKey[], serversKey: string): readonly PropertyKey[] {
  if (path[0] !== "mcp_servers") return path;
  const [, name, ...rest] = path;
  const inServer = rest[0] === "config" ? rest.slice(1) : rest;
  return [serversKey, ...(name === undefined ? [] : [name]), ...inServer];
}
