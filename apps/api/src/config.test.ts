import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { parseApiConfig } from "./config.ts";

const REDIS_URL = "redis://localhost:6379";

/** What it says of the environment; empty when nothing is wrong. */
function complaint(environment: Record<string, string>): string {
  try {
    parseApiConfig({ REDIS_URL, ...environment });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** The names of the variables that it complains of, in the order of the alphabet. */
function named(environment: Record<string, string>): string[] {
  return [...complaint(environment).matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name ?? "").toSorted();
}

test("[api.config.defaults] only REDIS_URL is needed", () => {
  expect(parseApiConfig({ REDIS_URL })).toEqual({
    redisUrl: REDIS_URL,
    keyPrefix: "millrace",
    port: 8_000,
    host: "127.0.0.1",
    apiKeys: { environmentKeys: [], file: { path: "config/api-keys.json", isNamed: false } },
    logLevel: "info",
    retentionSeconds: 86_400,
    maxBodyBytes: 16 * 1_024 * 1_024,
    modelsFile: { path: "config/models.json", isNamed: false, environment: { REDIS_URL } },
    webhookSecrets: [],
  });
  expect(complaint({ REDIS_URL: "" })).toContain("REDIS_URL: is required");
});

test("[api.config.defaults] an empty or blank variable counts as absent", () => {
  const empty = { PORT: " ", HOST: "", API_KEYS: "", LOG_LEVEL: "", MAX_BODY_BYTES: "" };
  expect(parseApiConfig({ REDIS_URL, ...empty })).toEqual(parseApiConfig({ REDIS_URL }));
});

test.for([
  ["REDIS_URL", "localhost:6379"],
  ["REDIS_KEY_PREFIX", "a:b"],
  ["REDIS_KEY_PREFIX", "{x}"],
  ["REDIS_KEY_PREFIX", "x".repeat(33)],
  ["PORT", "-1"],
  ["PORT", "65536"],
  ["PORT", "8000.5"],
  ["PORT", "http"],
  ["LOG_LEVEL", "verbose"],
  ["JOB_RETENTION_SECONDS", "0"],
  ["JOB_RETENTION_SECONDS", "1 day"],
  ["MAX_BODY_BYTES", "1023"],
  ["MAX_BODY_BYTES", "16MiB"],
  ["MAX_BODY_BYTES", "134217729"],
] as const)("[api.config.wrong] refuses %s=%s", ([name, value]) => {
  expect(named({ [name]: value })).toEqual([name]);
});

test("[api.config.wrong] tells all that is wrong together", () => {
  const environment = { PORT: "x", HOST: "0.0.0.0", LOG_LEVEL: "x", MAX_BODY_BYTES: "x" };
  expect(named(environment)).toEqual(["HOST", "LOG_LEVEL", "MAX_BODY_BYTES", "PORT"]);
});

test.for(["0.0.0.0", "::", "192.168.1.5", "millrace.example", "127.0.0.1.example"])(
  "[api.config.loopback] refuses to listen on %s without keys, and does so with keys",
  (host) => {
    expect(complaint({ HOST: host })).toContain("HOST: must be a loopback address while there are no keys");
    expect(complaint({ HOST: host, API_KEYS: "me:secret" })).toBe("");
    expect(complaint({ HOST: host, API_KEYS_FILE: "keys.json" })).toBe("");
  },
);

test.for(["127.0.0.1", "127.5.5.5", "localhost", "::1"])(
  "[api.config.loopback] listens on %s without keys",
  (host) => {
    expect(complaint({ HOST: host })).toBe("");
  },
);

test.for([
  ["[::1]", "::1"],
  ["LOCALHOST", "localhost"],
])("[api.config.host] HOST=%s, as a URL or a person has it, listens on %s", ([given, host]) => {
  expect(parseApiConfig({ REDIS_URL, HOST: given })).toMatchObject({ host });
});

test("[api.config.keys] keeps only the hashes of keys, given as secret or as hash", () => {
  const hash = createHash("sha256").update("s3cret:with-colon").digest();
  const other = createHash("sha256").update("another").digest();
  const config = parseApiConfig({
    REDIS_URL,
    API_KEYS: ` a:s3cret:with-colon , b:sha256:${other.toString("hex").toUpperCase()},`,
  });
  expect(config.apiKeys.environmentKeys).toEqual([
    { name: "a", hash },
    { name: "b", hash: other },
  ]);
  expect(JSON.stringify(config)).not.toContain("s3cret");
});

test("[api.config.keys.shared] refuses a secret under two names, and tells both without it", () => {
  const hash = createHash("sha256").update("topsecret").digest("hex");
  const text = complaint({ API_KEYS: `a:topsecret,b:other,c:sha256:${hash},a:topsecret` });
  expect(text).toContain('API_KEYS: entry 3 gives "c" the secret of "a": each key needs one of its own');
  expect(text).not.toContain("topsecret");
  expect(text).not.toContain(hash);
  expect(complaint({ API_KEYS: "a:topsecret,a:newer" })).toBe("");
});

test("[api.config.keys] tells every malformed key together, by its place and never with its secret", () => {
  const API_KEYS = "topsecret1,good:topsecret2,:topsecret3,bad name:topsecret4,b:,c:sha256:topsecret5";
  const text = complaint({ API_KEYS });
  const entries = [...text.matchAll(/^ {2}API_KEYS: entry (\d)/gm)].map(([, place]) => place);
  expect(entries).toEqual(["1", "3", "4", "5", "6"]);
  expect(text).toContain("name:secret or name:sha256:hex");
  expect(text).not.toContain("topsecret");
});

test.for(["two words", "schlüssel", "tab\there"])(
  "[api.config.keys.presentable] refuses the secret %j, which no request could present",
  (secret) => {
    const text = complaint({ API_KEYS: `good:s3cret,me:${secret}` });
    expect(text).toContain("API_KEYS: entry 2 needs a secret of visible ASCII characters");
    expect(text).not.toContain(secret);
  },
);

test.for([
  "redis://:hunter/22@redis:6379",
  "redis://me:50%zzhunter@redis:6379",
  "redis://me:6#hunter@redis:6379",
  "redis://me:6?hunter@redis:6379",
  "redis+cluster://:hunter/22@one:7000,two:7000",
  "redis+cluster://:50%zzhunter@one:7000",
  "redis+cluster://:hunter@one:7000,two:port",
  "redis+cluster://:hunter@one:7000,,two",
  "rediss+cluster://:hunter@22@one:7000",
])("[config.redis_url] %j is refused with the cure, and without its password", (url) => {
  const text = complaint({ REDIS_URL: url });
  expect(text).toContain("REDIS_URL: must be a URL with a host: percent-encode special characters");
  expect(text).not.toContain("hunter");
});

test.for([
  "redis://redis",
  "rediss://me:hunter%2F22@redis:6380/1",
  "redis://:@redis",
  "redis+cluster://me:hunter%2F22@one:7000,two,[::1]:7002",
])("[config.redis_url] %j is taken", (url) => {
  expect(parseApiConfig({ REDIS_URL: url }).redisUrl).toBe(url);
});
