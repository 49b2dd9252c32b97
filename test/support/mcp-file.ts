import { rename, symlink, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { loadMcpConfig } from "@millrace/host-core";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import { parseWorkerConfig } from "../../apps/worker/src/config.ts";
import { ConfigurationFile } from "./configuration-file.ts";
import { startWorker, type TestWorker } from "./test-worker.ts";

/** The fixture server as a configuration file has it, with its flags. */
export function fixtureEntry(flags: string[] = [], changes: object = {}): object {
  const env = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] ?? "" };
  const config = { command: process.execPath, args: [FIXTURE_STDIO_PROGRAM, ...flags], env };
  return { transport_type: "stdio", ...changes, config };
}

/** A configuration file of MCP servers, for `MCP_CONFIG_FILE`. */
export class McpFile extends ConfigurationFile {
  /** One that workers notice when it changes. */
  static async watched(servers: Record<string, object>): Promise<McpFile> {
    return await McpFile.#write(servers, true);
  }

  /** One that seems never to change: workers read it again only when they are told to. */
  static async unwatched(servers: Record<string, object>): Promise<McpFile> {
    return await McpFile.#write(servers, false);
  }

  static async #write(servers: Record<string, object>, isWatched: boolean): Promise<McpFile> {
    const file = new McpFile(await ConfigurationFile.createFolder(), "mcp-servers.json", isWatched);
    await file.write(servers);
    return file;
  }

  async write(servers: Record<string, object>): Promise<void> {
    await this.writeText(JSON.stringify({ mcp_servers: servers }));
  }

  /** As editors save: a new file takes the place of the old one. */
  async replace(servers: Record<string, object>): Promise<void> {
    const next = `${this.path}.new`;
    await writeFile(next, JSON.stringify({ mcp_servers: servers }));
    await rename(next, this.path);
  }

  /** A link to itself takes the place of the file: it cannot be looked at. */
  async replaceByLoop(): Promise<void> {
    await symlink(basename(this.path), `${this.path}.new`);
    await rename(`${this.path}.new`, this.path);
  }

  /** A worker that has this file. */
  async startWorker(environment: Record<string, string>): Promise<TestWorker> {
    const own = { ...environment, MCP_CONFIG_FILE: this.path };
    const { servers } = await loadMcpConfig(parseWorkerConfig(own).mcp);
    return await startWorker([...servers], own);
  }
}
