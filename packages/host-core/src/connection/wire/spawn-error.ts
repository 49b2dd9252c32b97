import { statSync } from "node:fs";
import { resolve } from "node:path";

interface Started {
  readonly command: string;
  readonly cwd?: string;
}

const CURES: Readonly<Record<string, string>> = {
  ENOENT: `was not found: install it or correct "command"`,
  EACCES: `may not be executed: correct its permissions or "command"`,
  E2BIG: `has more in "args" and "env" than the system allows: pass a file instead`,
};

/** Why a command could not be started, with the cure. */
export function describeSpawnError({ command, cwd }: Started, error: NodeJS.ErrnoException): Error {
  // The system tells of both in the same words.
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return new Error(`"cwd" is no folder: ${resolve(cwd)}; create it or correct "cwd"`);
  }
  const cure = CURES[error.code ?? ""] ?? `could not be started: ${error.message}`;
  return new Error(`command "${command}" ${cure}`);
}
