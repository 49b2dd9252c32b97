#!/usr/bin/env node
// Plain JavaScript for any Node: it says what is missing where the program itself, which is TypeScript, cannot run.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const RUNS_TYPESCRIPT = major > 22 || (major === 22 && minor >= 18);

if (RUNS_TYPESCRIPT) {
  // Compiled once, it starts in half the time.
  module.enableCompileCache?.();
  await import("../src/main.ts");
} else runWith(fileURLToPath(new URL("../../../node_modules/node/bin/node", import.meta.url)));

/** Hands over to the Node that is a package of this project. */
function runWith(node) {
  if (!existsSync(node)) {
    process.stderr.write(
      `millrace needs Node 22.18 or later, and this is ${process.version}. Install one, or run npm install in the project.\n`,
    );
    process.exitCode = 2;
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  // The terminal sends SIGINT to both; the child decides what it means.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    process.stderr.write(`${node} does not run: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => {
    process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM");
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}
