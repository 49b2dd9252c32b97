import { existsSync, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { inheritedEnvironment } from "./inherited-environment.ts";

interface Started {
  readonly command: string;
  readonly cwd?: string;
  /** Its own variables. */
  readonly env: Readonly<Record<string, string>>;
}

const CURES: Readonly<Record<string, string>> = {
  ENOENT: `was not found: install it or correct "command"`,
  EACCES: `may not be executed: correct its permissions or "command"`,
  E2BIG: `has more in "args" and "env" than the system allows: pass a file instead`,
};

/** Why a command could not be started, with the cure. */
export function describeSpawnError({ command, cwd, env }: Started, error: NodeJS.ErrnoException): Error {
  // The system tells of both in the same words.
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return new Error(`"cwd" is no folder: ${resolve(cwd)}; create it or correct "cwd"`);
  }
  const code = error.code === "EACCES" && isNowhere(command, env) ? "ENOENT" : error.code;
  const cure = CURES[code ?? ""] ?? `could not be started: ${error.message}`;
  return new Error(`command "${command}" ${cure}`);
}

/** Where PATH has a folder that this user may not look into, the system forbids a command that it has not found. */
function isNowhere(command: string, env: Readonly<Record<string, string>>): boolean {
  const { PATH = "" } = { ...inheritedEnvironment(), ...env };
  if (command.includes("/")) return false;
  return !PATH.split(delimiter).some((folder) => existsSync(join(folder, command)));
}
