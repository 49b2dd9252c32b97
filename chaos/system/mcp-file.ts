import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { LEDGER_STDIO_PROGRAM } from "@millrace/testing";
import { MCP_SERVERS } from "../fault.ts";

export interface McpFileOptions {
  path: string;
  ledgerFolder: string;
  /** Variables that every server gets. */
  environment: Readonly<Record<string, string>>;
}

const AT_ONCE = 20;

/**
 * Writes the workers' file of MCP servers. Another `atOnce` changes both: the first server takes so many calls at once,
 * which needs no restart, and the others get it as a variable, which does.
 */
export async function writeMcpFile(options: McpFileOptions, atOnce = AT_ONCE): Promise<void> {
  const { path, ledgerFolder, environment } = options;
  const servers = MCP_SERVERS.map((name, index) => {
    const config = {
      command: process.execPath,
      args: [LEDGER_STDIO_PROGRAM, "--folder", ledgerFolder, "--name", name],
      env: index === 0 ? environment : { ...environment, CHAOS_VARIANT: String(atOnce) },
    };
    return [name, { transport_type: "stdio", max_concurrent_tools: index === 0 ? atOnce : AT_ONCE, config }];
  });
  // Whole or not at all: workers watch the file.
  const whole = `${path}.${randomUUID()}`;
  await writeFile(whole, JSON.stringify({ mcp_servers: Object.fromEntries(servers) as object }));
  await rename(whole, path);
}
