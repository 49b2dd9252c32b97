import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@millrace/contracts";
import { expect, onTestFinished, test } from "vitest";
import { readModels } from "./read-models.ts";

async function modelsFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-models-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "models.json");
  await writeFile(path, text);
  return path;
}

test("[config.models.default] stands for whichever provider is configured", async () => {
  const path = await modelsFile(
    JSON.stringify({
      models: { own: { provider: "openai", model: "m" }, claude: { provider: "anthropic", model: "c" } },
    }),
  );
  const chosen = async (environment: Record<string, string>) =>
    (await readModels({ path, isNamed: true, environment })).default.alias;
  expect(await chosen({})).toBe("demo");
  expect(await chosen({ OPENAI_BASE_URL: "http://127.0.0.1:11434/v1" })).toBe("own");
  expect(await chosen({ OPENAI_API_KEY: "key", ANTHROPIC_API_KEY: "key" })).toBe("claude");
});

test.each([
  ["{", /is not valid JSON: .*line 1 column 2/],
  ['{"models":{"a":{"provider":"openai"}}}', /models\.a\.model/],
  ['{"models":{"default":{"provider":"demo"}}}', /models\.default/],
  ['{"models":{"a":{"provider":"demo","colour":1}}}', /models\.a\.colour: unknown key/],
  ['{"models":{"__proto__":{"provider":"demo"}}}', /models: the key "__proto__" would be lost/],
  ['{"models":{"a":{"provider":"openai","model":"m","base_url":"ftp://lan"}}}', /base_url: must be an http/],
  [
    '{"models":{"a":{"provider":"openai","model":"m","base_url":"http://:key@lan"}}}',
    /base_url: .*no password/,
  ],
])("[config.models.wrong] %s is refused with its place", async (text, message) => {
  const reading = readModels({ path: await modelsFile(text), isNamed: true, environment: {} });
  await expect(reading).rejects.toThrow(ConfigError);
  await expect(reading).rejects.toThrow(message);
});

test("[config.models.local] a base URL may name this machine, or another one by a short name", async () => {
  for (const base_url of ["http://127.0.0.1:11434/v1", "http://localhost/v1", "http://ollama:11434/v1"]) {
    const path = await modelsFile(
      JSON.stringify({ models: { own: { provider: "openai", model: "m", base_url } } }),
    );
    expect((await readModels({ path, isNamed: true, environment: {} })).default).toMatchObject({
      baseUrl: base_url,
    });
  }
});

test("[config.models.mark] a byte order mark at the beginning of the file does not count", async () => {
  const path = await modelsFile('\uFEFF{"models":{"own":{"provider":"demo"}}}');
  expect((await readModels({ path, isNamed: true, environment: {} })).aliases).toContain("own");
});

test("[config.models.missing] a file that was named must be there", async () => {
  const reading = readModels({ path: "/nowhere/models.json", isNamed: true, environment: {} });
  await expect(reading).rejects.toThrow(/MODELS_CONFIG_FILE.*\/nowhere\/models\.json/);
});
