import type { z } from "zod";
import { ConfigError } from "./config-error.ts";
import { describeIssues } from "./describe-issues.ts";
import type { ProblemDetailError } from "./problem.ts";

/** Where a configuration file is. */
export interface ConfigFile {
  readonly path: string;
  /** The operator named it: then it must exist. */
  readonly isNamed: boolean;
}

/** The file that the operator has named, or the one that is there by default. */
export function configFile(named: string | undefined, otherwise: string): ConfigFile {
  return { path: named ?? otherwise, isNamed: named !== undefined };
}

/**
 * Reads the text of a configuration file.
 * @throws ConfigError that names the file and every wrong path, and never shows a part of the text.
 */
export function parseConfigFile<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  text: string,
): z.output<Schema> {
  const parsed = schema.safeParse(parseConfigJson(path, text));
  if (parsed.success) return parsed.data;
  throw wrongConfig(path, describeIssues(parsed.error.issues));
}

/** Says of a file each thing that is wrong, and where. */
export function wrongConfig(path: string, errors: readonly ProblemDetailError[]): ConfigError {
  const lines = errors.map(({ path: where, message }) => `${where || "(the whole file)"}: ${message}`);
  return new ConfigError([`${path} is not right:`, ...lines].join("\n  "), errors);
}

/**
 * The JSON of a configuration file.
 * @throws ConfigError that names the file and the place, and never shows a part of the text.
 */
export function parseConfigJson(path: string, text: string): unknown {
  // Editors on Windows begin a file with a byte order mark.
  const withoutMark = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(withoutMark);
  } catch {
    throw new ConfigError(`${path} is not valid JSON: ${describeJsonError(withoutMark)}`);
  }
}

/**
 * Node names the place of most JSON errors. Where it shows an excerpt of the file instead, that is left out, for it
 * may hold a secret.
 */
function describeJsonError(text: string): string {
  const message = jsonError(text);
  if (/\(line \d+ column \d+\)$/.test(message)) return message;
  const lines = text.slice(0, lengthOfGoodPart(text)).split("\n");
  const reason = message.replace(/, (?:\.\.\.)?"[^]*$/, "");
  return `${reason} (line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1})`;
}

function jsonError(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** How much of the text can begin a JSON value. */
function lengthOfGoodPart(text: string): number {
  let good = 0;
  let bad = text.length;
  while (good < bad) {
    const middle = Math.floor((good + bad) / 2);
    if (jsonError(text.slice(0, middle + 1)).startsWith("Unexpected token")) bad = middle;
    else good = middle + 1;
  }
  return good;
}
