import type { BigIntStats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { CommandError } from "../failure.ts";
import { openState, type BatchState } from "./batch-state.ts";
import type { InputFile } from "./input-file.ts";
import { openResultFile, openResultPipe, type ResultSink } from "./result-file.ts";

interface OutputOptions {
  input: InputFile;
  restart: boolean;
  signal: AbortSignal;
}

/** Where the results of a batch go, and what is known of the batch. */
interface BatchOutput {
  results: ResultSink;
  /** Null for a pipe or a device, which keeps nothing: the batch begins anew. */
  state: BatchState | null;
}

/**
 * Opens what `-o` names.
 * @throws CommandError when it cannot be written, or holds what must not be lost.
 */
export async function openOutput(path: string, options: OutputOptions): Promise<BatchOutput> {
  const found = await findOrMake(path);
  if (found.isDirectory()) throw new CommandError(`${path} is a folder: name a file for the results.`);
  if (!found.isFile()) return { results: await openResultPipe(path, options.signal), state: null };
  const { source } = options.input;
  if (found.ino === source.ino && found.dev === source.dev)
    throw new CommandError(`${path} is the file of the jobs itself. Choose another -o for the results.`);
  const state = await openState({ output: path, ...options });
  return { results: await openResultFile(path), state };
}

async function findOrMake(path: string): Promise<BigIntStats> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    await using made = await open(path, "a");
    return await made.stat({ bigint: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new CommandError(
      `${path} cannot be written: its folder does not exist. Create it, or choose another -o.`,
    );
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
