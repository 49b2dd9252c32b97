import { writeFile } from "node:fs/promises";
import { McpConfig } from "@millrace/contracts";
import { z } from "zod";

/** Where editors look for the schema of `config/mcp-servers.json`; its `$schema` points here. */
export const SCHEMA_FILE = new URL("../config/mcp-servers.schema.json", import.meta.url);

/** The JSON Schema of what may be written in the file: defaults may be left out. */
export function mcpConfigSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(McpConfig, { io: "input" }), null, 2)}\n`;
}

if (import.meta.main) await writeFile(SCHEMA_FILE, mcpConfigSchema());
