import { parseModels, type ConfigFile, type ModelDirectory } from "@millrace/contracts";
import { readConfigFile } from "./read-config-file.ts";

export interface ModelsFile extends ConfigFile {
  /** Where keys and base URLs are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the models file; without one there is the demo.
 * @throws ConfigError that names the file and what is wrong with it.
 */
export async function readModels(file: ModelsFile): Promise<ModelDirectory> {
  const text = await readConfigFile(file, "MODELS_CONFIG_FILE");
  return parseModels(text, file.path, file.environment);
}
