import { ApiKeysConfig, parseConfigFile, type ConfigFile } from "@millrace/contracts";
import { readConfigFile } from "@millrace/service";

/**
 * The keys of a file by name; none when the default file does not exist.
 * @throws ConfigError that names the file and every wrong path, and never shows a part of it.
 */
export async function readKeysFile(file: ConfigFile): Promise<ApiKeysConfig["keys"]> {
  const text = await readConfigFile(file, "API_KEYS_FILE");
  return text === null ? {} : parseConfigFile(ApiKeysConfig, file.path, text).keys;
}
