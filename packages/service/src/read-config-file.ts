import { readFile } from "node:fs/promises";
import { ConfigError, type ConfigFile } from "@millrace/contracts";

/**
 * The text of a configuration file; null when the default file does not exist. `variable` names the file.
 * @throws ConfigError when it cannot be read, or was named and does not exist.
 */
export async function readConfigFile(
  { path, isNamed }: ConfigFile,
  variable: string,
): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!isNamed && code === "ENOENT") return null;
    throw new ConfigError(`${variable}: cannot read ${path}: ${message}`);
  }
}
