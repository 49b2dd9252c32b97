import { expect, test } from "vitest";
import { createServerSettings, type GivenSettings } from "./create-server-settings.ts";

const given: GivenSettings = {
  name: "one",
  transport: { type: "http", url: "https://example.org", headers: { a: "1", b: "2" } },
};

function hashes(changes: Partial<GivenSettings> = {}) {
  const { fingerprint, connectionFingerprint } = createServerSettings({ ...given, ...changes });
  return { fingerprint, connectionFingerprint };
}

test("[config.fingerprint] the same settings have the same hashes, whatever the order of their keys", () => {
  const headers = { b: "2", a: "1" };
  expect(hashes({ transport: { headers, url: "https://example.org", type: "http" } })).toEqual(hashes());
  expect(createServerSettings(createServerSettings(given))).toEqual(createServerSettings(given));
});

test.each<Partial<GivenSettings>>([
  { transport: { type: "http", url: "https://example.org", headers: { a: "1", b: "3" } } },
  { transport: { type: "sse", url: "https://example.org", headers: { a: "1", b: "2" } } },
  { auth: { type: "bearer", token: "secret" } },
  { protocol: "legacy" },
  { instances: 2 },
  { questions: { sampling: true, elicitation: null, roots: [] } },
  { name: "other" },
])("[config.fingerprint] %j takes a new connection", (changes) => {
  expect(hashes(changes).connectionFingerprint).not.toBe(hashes().connectionFingerprint);
  expect(hashes(changes).fingerprint).not.toBe(hashes().fingerprint);
});

test.each<Partial<GivenSettings>>([
  { description: "new" },
  { approval: { "*": "always" } },
  { denyTools: ["a"] },
  { toolTimeoutMs: 1 },
  { maxConcurrentTools: 9 },
  { pin: "warn" },
  { resultLimitBytes: 2_000 },
])("[config.fingerprint] %j is a change that keeps the connection", (changes) => {
  expect(hashes(changes).connectionFingerprint).toBe(hashes().connectionFingerprint);
  expect(hashes(changes).fingerprint).not.toBe(hashes().fingerprint);
});
