import { onTestFinished } from "vitest";
import {
  createHost,
  createServerSettings,
  type Host,
  type HostOptions,
  type Logger,
  type ServerSettings,
} from "@millrace/host-core";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";

/** Long enough for a server to start on a busy machine. */
const PATIENCE_MS = 20_000;

/** The run's mark, for the check that no process is left: stdio servers inherit next to nothing. */
const RUN = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] ?? "" };

export function settings(
  name: string,
  transport: ServerSettings["transport"],
  changes: Partial<ServerSettings> = {},
): ServerSettings {
  return createServerSettings({
    name,
    transport: transport.type === "stdio" ? { ...transport, env: { ...RUN, ...transport.env } } : transport,
    connectTimeoutMs: PATIENCE_MS,
    toolTimeoutMs: PATIENCE_MS,
    secrets: [],
    ...changes,
  });
}

/** The fixture server over stdio, with its flags. */
export function fixture(name: string, flags: string[] = [], changes: Partial<ServerSettings> = {}) {
  const args = [FIXTURE_STDIO_PROGRAM, ...flags];
  return settings(name, { type: "stdio", command: process.execPath, args, env: {} }, changes);
}

/** A server by its own bin, as the default configuration starts it. */
export function program(
  name: string,
  command: string,
  args: string[] = [],
  env: Record<string, string> = {},
) {
  return settings(name, { type: "stdio", command, args, env });
}

export interface LogEntry {
  level: keyof Logger;
  fields: Record<string, unknown>;
  message: string;
}

export function recordingLogger(): Logger & { entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const record = (level: keyof Logger) => (fields: object, message: string) => {
    entries.push({ level, fields: { ...fields }, message });
  };
  return {
    entries,
    debug: record("debug"),
    info: record("info"),
    warn: record("warn"),
    error: record("error"),
  };
}

/** Makes a host that is closed when the test ends. */
export function makeHost(servers: ServerSettings[], options: Partial<HostOptions> = {}): Host {
  const host = createHost({ servers, logger: recordingLogger(), ...options });
  onTestFinished(() => host.close());
  return host;
}

/** Makes a host and waits until each of its servers has connected or failed. */
export async function startHost(
  servers: ServerSettings[],
  options: Partial<HostOptions> = {},
): Promise<Host> {
  const host = makeHost(servers, options);
  host.start();
  await host.whenWarm(PATIENCE_MS);
  return host;
}

export interface Call {
  arguments?: Record<string, unknown>;
  signal?: AbortSignal;
}

/** Calls a tool of a server; a call that nobody aborts may take as long as it needs. */
export function call(host: Host, server: string, tool: string, { arguments: given = {}, signal }: Call = {}) {
  return host.callTool({ server, tool, arguments: given, signal: signal ?? new AbortController().signal });
}

/** The structured content of a call that must succeed. */
export async function structured(host: Host, server: string, tool: string): Promise<Record<string, unknown>> {
  const outcome = await call(host, server, tool);
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.result.structured_content ?? {};
}

export function report(host: Host, server: string) {
  const found = host.reports().find(({ name }) => name === server);
  if (!found) throw new Error(`no report of ${server}`);
  return found;
}
