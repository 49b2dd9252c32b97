import { createHash, randomUUID } from "node:crypto";
import { readFile, realpath, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { CommandError } from "../failure.ts";
import type { InputFile } from "./input-file.ts";

/** What stands beside the results, so that the same command goes on with the same batch. */
export interface BatchState {
  /** SHA-256 of the input. */
  input: string;
  idempotency_key: string;
  /** Once it has been uploaded as a whole. */
  batch_id: string | null;
}

interface StateOptions {
  output: string;
  input: InputFile;
  restart: boolean;
}

/** Beside the results themselves, also when the output is a link to them. */
async function statePath(output: string): Promise<string> {
  return `${await realpath(output)}.millrace.json`;
}

/**
 * The state of the batch that this output, a file, belongs to; a new one where there is none. The idempotency key of a
 * new one is made of the input and the output's path: a state that got lost does not run the batch twice.
 * @throws CommandError when the output holds something else.
 */
export async function openState({ output, input, restart }: StateOptions): Promise<BatchState> {
  if (restart) {
    await rm(await statePath(output), { force: true });
    await truncate(output);
  }
  const stored = await readState(output);
  if (stored) {
    if (stored.input === input.hash) return stored;
    throw new CommandError(
      `${output} belongs to another batch: the input has changed since. Choose another -o, or give --restart to start again.`,
    );
  }
  if ((await stat(output)).size > 0) {
    throw new CommandError(`${output} exists already. Choose another -o, or give --restart to overwrite it.`);
  }
  const parts = [input.hash, await realpath(output), ...(restart ? [randomUUID()] : [])];
  const key = `cli-${createHash("sha256").update(parts.join("\n")).digest("hex")}`;
  const state = { input: input.hash, idempotency_key: key, batch_id: null };
  await writeState(output, state);
  return state;
}

/** Never leaves half a file. */
export async function writeState(output: string, state: BatchState): Promise<void> {
  const path = await statePath(output);
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

async function readState(output: string): Promise<BatchState | null> {
  const path = await statePath(output);
  try {
    return JSON.parse(await readFile(path, "utf8")) as BatchState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    if (error instanceof SyntaxError)
      throw new CommandError(`${path} is not valid JSON. Give --restart to start again.`);
    throw error;
  }
}
