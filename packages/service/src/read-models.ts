import { readFile } from "node:fs/promises";
import {
  ConfigError,
  DEFAULT_MODELS_CONFIG_FILE,
  parseModels,
  type ModelDirectory,
} from "@millrace/contracts";

export interface ModelsFile {
  /** Named by MODELS_CONFIG_FILE: then it must exist. */
  readonly path: string | undefined;
  /** Where keys and base URLs are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the models file; without one there is the demo.
 * @throws ConfigError that names the file and what is wrong with it.
 */
export async function readModels({ path, environment }: ModelsFile): Promise<ModelDirectory> {
  const file = path ?? DEFAULT_MODELS_CONFIG_FILE;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (path === undefined && error.code === "ENOENT") return null;
    throw new ConfigError(`MODELS_CONFIG_FILE: cannot read ${file}: ${error.message}`);
  });
  return parseModels(text, file, environment);
}
