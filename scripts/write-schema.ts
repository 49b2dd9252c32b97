import { writeFile } from "node:fs/promises";
import { ApiKeysConfig, McpConfig, ModelsConfig } from "@millrace/contracts";
import { z } from "zod";

/** The JSON Schemas of the configuration files, for editors; each file's `$schema` points to its own. */
const SCHEMAS = {
  "api-keys.schema.json": ApiKeysConfig,
  "mcp-servers.schema.json": McpConfig,
  "models.schema.json": ModelsConfig,
} as const;

export const SCHEMA_FILES = Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[];

export function schemaUrl(file: string): URL {
  return new URL(`../config/${file}`, import.meta.url);
}

/** The schema of what may be written in the file: defaults may be left out. */
export function schemaText(file: keyof typeof SCHEMAS): string {
  return `${JSON.stringify(z.toJSONSchema(SCHEMAS[file], { io: "input" }), null, 2)}\n`;
}

if (import.meta.main) {
  for (const file of SCHEMA_FILES) await writeFile(schemaUrl(file), schemaText(file));
}
