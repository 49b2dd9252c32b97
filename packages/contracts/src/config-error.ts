import type { ProblemDetailError } from "./problem.ts";

/** A configuration file that cannot be used. The message has one line for each thing that is wrong, and its path. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** The same, as data; empty when the file as a whole is wrong. */
  readonly errors: readonly ProblemDetailError[];

  constructor(message: string, errors: readonly ProblemDetailError[] = []) {
    super(message);
    this.errors = errors;
  }
}
