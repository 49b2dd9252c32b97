import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const PROJECT = join(import.meta.dirname, "..");
let clone: string;

/** A clone whose packages are installed, as far as the set-up looks. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), "millrace-setup-"));
  cpSync(join(PROJECT, "scripts"), join(clone, "scripts"), { recursive: true });
  writeFileSync(join(clone, "package-lock.json"), "{}");
  mkdirSync(join(clone, "node_modules/.bin"), { recursive: true });
  symlinkSync(process.execPath, join(clone, "node_modules/.bin/node"));
  writeFileSync(join(clone, "node_modules/.installed-lockfile"), "{}");
});

afterEach(() => rmSync(clone, { recursive: true }));

function setUp(environment: Record<string, string> = {}): string {
  return execFileSync("sh", ["scripts/setup.sh"], {
    cwd: clone,
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
}

/** A folder with a program that calls itself a Redis server. */
function serverFolder(name: string): string {
  const folder = join(clone, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "redis-server"), `#!/bin/sh\necho "Redis server v=${name} sha=0"\n`, {
    mode: 0o755,
  });
  return folder;
}

test("[setup.repeat] a second run has nothing to do and says nothing", () => {
  const PATH = `${serverFolder("8.0")}:${process.env["PATH"]}`;
  expect(setUp({ REDIS_URL: "", PATH })).toContain("version 8.0");
  expect(setUp({ REDIS_URL: "", PATH })).toBe("");
});

test("[setup.redis.link] a server that was removed is replaced by another one", () => {
  const removed = serverFolder("7.0");
  const PATH = process.env["PATH"];
  setUp({ REDIS_URL: "", PATH: `${removed}:${PATH}` });
  rmSync(removed, { recursive: true });
  expect(setUp({ REDIS_URL: "", PATH: `${serverFolder("8.0")}:${PATH}` })).toContain("version 8.0");
});

test("with REDIS_URL no server is looked for", () => {
  expect(setUp({ REDIS_URL: "redis://example.org" })).toBe("");
});
