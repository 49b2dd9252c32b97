/** All that a server inherits: never our own keys. With Node's cache of compiled modules many servers start sooner. */
const INHERITED = ["HOME", "LOGNAME", "NODE_COMPILE_CACHE", "PATH", "SHELL", "TERM", "USER"];

/** The variables of ours that every stdio server gets. */
export function inheritedEnvironment(): Record<string, string> {
  const entries = INHERITED.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
