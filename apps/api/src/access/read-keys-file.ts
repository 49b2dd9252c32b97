import { readFile } from "node:fs/promises";
import { ApiKeysConfig, ConfigError, parseConfigFile, type ConfigFile } from "@millrace/contracts";

/**
 * The keys of a file by name; none when the default file does not exist.
 * @throws ConfigError that names the file and every wrong path, and never shows a part of it.
 */
export async function readKeysFile({ path, isNamed }: ConfigFile): Promise<ApiKeysConfig["keys"]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (!isNamed && error.code === "ENOENT") return null;
    throw new ConfigError(`API_KEYS_FILE: cannot read ${path}: ${error.message}`);
  });
  return text === null ? {} : parseConfigFile(ApiKeysConfig, path, text).keys;
}
