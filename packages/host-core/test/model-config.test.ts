import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ModelDirectory, ModelsConfig } from "@millrace/contracts";
import { expect, test } from "vitest";

const TYPES = {
  anthropic: "@anthropic-ai/sdk/resources/messages/messages.d.ts",
  openai: "openai/resources/shared.d.ts",
  demo: null,
};

async function read(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");
}

test("[model.config.default] the default models file is valid, and its models are known to the SDKs", async () => {
  const config = ModelsConfig.parse(JSON.parse(await read("config/models.json")));
  for (const [alias, { provider, model }] of Object.entries(config.models)) {
    const types = TYPES[provider];
    if (types) expect(await read(`node_modules/${types}`), alias).toContain(`'${model}'`);
  }
  const defaults = (environment: Record<string, string>) =>
    new ModelDirectory(config, environment).default.provider;
  expect(defaults({})).toBe("demo");
  expect(defaults({ OPENAI_API_KEY: "key" })).toBe("openai");
  expect(defaults({ OPENAI_API_KEY: "key", ANTHROPIC_API_KEY: "key" })).toBe("anthropic");
});
