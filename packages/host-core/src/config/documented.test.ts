import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parseMcpConfig } from "./parse-config.ts";
import { resolveServers } from "./resolve-server.ts";

const DEFAULTS = { timeoutSeconds: 30, toolTimeoutSeconds: 60, maxConcurrentTools: 5, logStderr: true };
const DOCUMENT = new URL("../../../../docs/configuration.md", import.meta.url);
const VARIABLES = ["SEARCH_KEY", "OLD_TOKEN", "CRM_SECRET", "BANK_KEY"];

test("[config.documented] every example of the documentation loads, in all three forms", async () => {
  const blocks = (await readFile(DOCUMENT, "utf8")).matchAll(/```json\n([^]*?)```/g);
  const examples = [...blocks].flatMap(([, json = ""]) =>
    /"(mcp_?servers|servers)"/i.test(json) ? [json] : [],
  );
  expect(examples).toHaveLength(3);
  const env = Object.fromEntries(VARIABLES.map((name) => [name, "some value"]));
  const servers = examples.flatMap((json) => {
    const { config, warnings } = parseMcpConfig("example.json", json);
    expect(warnings.filter((warning) => !warning.includes("inputs"))).toEqual([]);
    return resolveServers(config, DEFAULTS, env);
  });
  expect(servers.map(({ name, problem }) => [name, problem])).toEqual(
    ["files", "search", "old", "live", "crm", "bank", "memory", "search", "search"].map((name) => [
      name,
      null,
    ]),
  );
});
