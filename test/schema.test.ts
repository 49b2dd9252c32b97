import { readFile } from "node:fs/promises";
import { McpConfig, ModelDirectory, ModelsConfig } from "@millrace/contracts";
import { expect, test } from "vitest";
import { SCHEMA_FILES, schemaText, schemaUrl } from "../scripts/write-schema.ts";

test.each(SCHEMA_FILES)("[config.schema.fresh] config/%s is what `npm run schema` writes", async (file) => {
  expect(await readFile(schemaUrl(file), "utf8")).toBe(schemaText(file));
});

async function configFile(name: string): Promise<unknown> {
  return JSON.parse(await readFile(schemaUrl(name), "utf8"));
}

test("[config.default] the default configuration fits its schema", async () => {
  const servers = McpConfig.parse(await configFile("mcp-servers.json")).mcp_servers;
  expect(Object.keys(servers)).toEqual(["filesystem", "everything", "memory"]);
  const models = new ModelDirectory(ModelsConfig.parse(await configFile("models.json")), {});
  expect(models.default.provider).toBe("demo");
});
