import { readFile } from "node:fs/promises";
import { ConfigError, parseModels, type ConfigFile, type ModelDirectory } from "@millrace/contracts";

export interface ModelsFile extends ConfigFile {
  /** Where keys and base URLs are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the models file; without one there is the demo.
 * @throws ConfigError that names the file and what is wrong with it.
 */
export async function readModels({ path, isNamed, environment }: ModelsFile): Promise<ModelDirectory> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (!isNamed && error.code === "ENOENT") return null;
    throw new ConfigError(`MODELS_CONFIG_FILE: cannot read ${path}: ${error.message}`);
  });
  return parseModels(text, path, environment);
}
