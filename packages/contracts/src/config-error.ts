/** A configuration file that cannot be used. The message has one line for each thing that is wrong, and its path. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
