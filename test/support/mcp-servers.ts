import { createServerSettings, type ServerSettings } from "@millrace/host-core";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";

/** Long enough for a server to start on a busy machine. */
const PATIENCE_MS = 20_000;

/** The run's mark, for the check that no process is left: MCP servers inherit next to nothing. */
const RUN = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] ?? "" };

/** A server that a worker reaches over this transport. */
export function mcpServer(
  name: string,
  transport: ServerSettings["transport"],
  changes: Partial<ServerSettings> = {},
): ServerSettings {
  return createServerSettings({
    name,
    transport,
    connectTimeoutMs: PATIENCE_MS,
    toolTimeoutMs: PATIENCE_MS,
    maxConcurrentTools: 50,
    logStderr: false,
    secrets: [],
    ...changes,
  });
}

/** A server over stdio by its own program. */
export function stdioServer(name: string, command: string, args: string[] = []): ServerSettings {
  return mcpServer(name, { type: "stdio", command, args, env: RUN });
}

/** The fixture server over stdio. */
export function fixtureServer(name = "fixture", changes: Partial<ServerSettings> = {}): ServerSettings {
  const transport = { type: "stdio", command: process.execPath, args: [FIXTURE_STDIO_PROGRAM], env: RUN };
  return mcpServer(name, transport as ServerSettings["transport"], changes);
}
