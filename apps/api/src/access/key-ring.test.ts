import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@millrace/contracts";
import { expect, onTestFinished, test } from "vitest";
import { hashesOf, parseApiKeys } from "./api-keys.ts";
import { KeyRing } from "./key-ring.ts";

const HASH = "b".repeat(64);

async function keysFile(content?: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-keys-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "api-keys.json");
  if (content !== undefined) await writeFile(path, textOf(content));
  return path;
}

function textOf(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content);
}

async function complaint(content: unknown, environmentKeys = "me:secret"): Promise<ConfigError> {
  const file = { path: await keysFile(content), isNamed: true };
  const opening = KeyRing.open({ environmentKeys: parseApiKeys(environmentKeys).keys, file });
  return opening.then(
    () => expect.fail("it was taken"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ConfigError);
      return error as ConfigError;
    },
  );
}

test("[api.keys.file] a default file that is missing means no further keys, one that was named must be there", async () => {
  const path = await keysFile();
  const environmentKeys = hashesOf("me", HASH);
  const ring = await KeyRing.open({ environmentKeys, file: { path, isNamed: false } });
  expect(ring.isEmpty).toBe(false);
  const named = KeyRing.open({ environmentKeys, file: { path, isNamed: true } });
  await expect(named).rejects.toThrow(`API_KEYS_FILE: cannot read ${path}`);
});

test.for([
  [{ keys: { a: { sha256: "x" } } }, "keys.a.sha256"],
  [{ keys: { a: { sha256: [] } } }, "keys.a.sha256"],
  [{ keys: { a: { sha256: HASH, colour: 1 } } }, "keys.a.colour"],
  [{ keys: { a: { sha256: HASH, scopes: ["root"] } } }, "keys.a.scopes[0]"],
  [{ keys: { a: { sha256: HASH, limits: { max_running: 0 } } } }, "keys.a.limits.max_running"],
  [{ keys: { a: { sha256: HASH, limits: { rps: 1 } } } }, "keys.a.limits.rps"],
  [{ keys: { a: { sha256: HASH, weight: 1.5 } } }, "keys.a.weight"],
  [{ keys: { a: { sha256: HASH, tools: "x" } } }, "keys.a.tools"],
  [{ keys: { "a b": { sha256: HASH } } }, "keys.a b"],
  [{ keys: {} }, "keys"],
  [`{"keys": {"a": {"sha256": "${HASH}"}, "__proto__": {"sha256": "x"}}}`, "keys"],
  [{ key: {} }, "key"],
  [{ keys: { a: { sha256: HASH }, b: { sha256: ["c".repeat(64), HASH.toUpperCase()] } } }, "keys.b.sha256"],
  [{ keys: { me: { sha256: HASH } } }, "keys.me"],
  ["[]", ""],
] as const)("[api.keys.file.wrong] %j is refused with its path", async ([content, path]) => {
  const error = await complaint(content);
  expect(error.errors.map((wrong) => wrong.path)).toContain(path);
  expect(error.message).toContain("api-keys.json is not right");
});

test("[api.keys.shared] a secret of the file that API_KEYS has under another name is refused at start and at reload", async () => {
  const other = "c".repeat(64);
  const shared = { keys: { you: { sha256: [HASH, other] } } };
  const environmentKeys = hashesOf("me", other);
  const path = await keysFile({ keys: { you: { sha256: HASH } } });
  const ring = await KeyRing.open({ environmentKeys, file: { path, isNamed: true } });
  await writeFile(path, textOf(shared));
  const errors = [
    {
      path: "keys.you.sha256",
      message: 'is the secret of "me" in API_KEYS too: give each key a secret of its own',
    },
  ];
  await expect(ring.reload()).rejects.toMatchObject({ errors });
  const opening = KeyRing.open({ environmentKeys, file: { path, isNamed: true } });
  await expect(opening).rejects.toMatchObject({ errors });
});

test("[api.keys.file] a key may have the hash of one secret twice", async () => {
  const path = await keysFile({ keys: { a: { sha256: [HASH, HASH.toUpperCase()] } } });
  const ring = await KeyRing.open({ environmentKeys: [], file: { path, isNamed: true } });
  expect(ring.isEmpty).toBe(false);
});

test("[api.keys.file.wrong] what is no JSON is never shown", async () => {
  for (const text of ['{"keys": {"a": my-secret-key}}', '{"keys": {"a": "my-secret-key"', "my-secret-key"]) {
    const { message } = await complaint(text);
    expect(message).toContain("api-keys.json is not valid JSON");
    expect(message).not.toContain("secret");
  }
});

test("[api.keys.file] a file that is taken away never opens the api", async () => {
  const path = await keysFile({ keys: { a: { sha256: HASH } } });
  const ring = await KeyRing.open({ environmentKeys: [], file: { path, isNamed: false } });
  await rm(path);
  await expect(ring.reload()).rejects.toThrow("without keys the api would be open");
  expect(ring.isEmpty).toBe(false);
});

test("[api.keys.reload] what was read first never takes the place of what was read later", async () => {
  const only = (name: string) => {
    const sha256 = createHash("sha256").update(`${name}-secret`).digest("hex");
    return textOf({ keys: { [name]: { sha256 } } });
  };
  const path = await keysFile(only("first"));
  const ring = await KeyRing.open({ environmentKeys: [], file: { path, isNamed: true } });
  // A pipe is read until its writer is done.
  await rm(path);
  execFileSync("sh", ["-c", 'mkfifo "$0"', path]);
  const slow = ring.reload();
  const pipe = await open(path, "w");
  await writeFile(`${path}.new`, only("latest"));
  await rename(`${path}.new`, path);
  const later = ring.reload();
  // One that does not wait for the other has read the file by the time that this one has, twice.
  for (let count = 0; count < 2; count += 1) await readFile(path);
  await pipe.writeFile(only("earlier"));
  await pipe.close();
  await Promise.all([slow, later]);
  expect(ring.find("latest-secret")?.name).toBe("latest");
  expect(ring.find("earlier-secret")).toBeNull();
});

test("[api.keys.limits] a key has the limits of the file, and any other the defaults", async () => {
  const limits = { max_running: 3, max_queued: 10 };
  const path = await keysFile({ keys: { a: { sha256: HASH, weight: 4, limits } } });
  const ring = await KeyRing.open({ environmentKeys: [], file: { path, isNamed: true } });
  expect(ring.limitsOf("a")).toEqual({ weight: 4, maxRunning: 3, maxQueued: 10 });
  expect(ring.limitsOf("gone")).toEqual({ weight: 1, maxRunning: null, maxQueued: 1_000_000 });
});
