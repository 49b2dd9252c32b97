import { readFile } from "node:fs/promises";
import { McpConfig } from "@millrace/contracts";
import { expect, test } from "vitest";
import { mcpConfigSchema, SCHEMA_FILE } from "../scripts/write-schema.ts";

test("[config.schema.fresh] config/mcp-servers.schema.json is what `npm run schema` writes", async () => {
  expect(await readFile(SCHEMA_FILE, "utf8")).toBe(mcpConfigSchema());
});

test("[config.default] the default configuration fits its schema", async () => {
  const file = await readFile(new URL("../config/mcp-servers.json", import.meta.url), "utf8");
  expect(Object.keys(McpConfig.parse(JSON.parse(file)).mcp_servers)).toEqual([
    "filesystem",
    "everything",
    "memory",
  ]);
});
