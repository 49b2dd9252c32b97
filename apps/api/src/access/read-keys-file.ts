import { readFile } from "node:fs/promises";
import { ApiKeysConfig, ConfigError } from "@millrace/contracts";
import { describeIssues } from "../http/validation.ts";

/** Where the keys' file is. */
export interface KeysFile {
  readonly path: string;
  /** Named by API_KEYS_FILE: then it must exist. */
  readonly isNamed: boolean;
}

/**
 * The keys of a file by name; none when the default file does not exist.
 * @throws ConfigError that names the file and every wrong path, and never shows a part of it.
 */
export async function readKeysFile({ path, isNamed }: KeysFile): Promise<ApiKeysConfig["keys"]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (!isNamed && error.code === "ENOENT") return null;
    throw new ConfigError(`API_KEYS_FILE: cannot read ${path}: ${error.message}`);
  });
  if (text === null) return {};
  const parsed = ApiKeysConfig.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data.keys;
  const errors = describeIssues(parsed.error.issues);
  const lines = errors.map(({ path: where, message }) => `${where || "(the whole file)"}: ${message}`);
  throw new ConfigError([`${path} is not right:`, ...lines].join("\n  "), errors);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    // Node quotes a part of the text, and somebody may have written a secret there.
    const place = /\(line \d+ column \d+\)/.exec((error as Error).message)?.[0];
    throw new ConfigError(`${path} is no JSON${place ? ` ${place}` : ""}`);
  }
}
