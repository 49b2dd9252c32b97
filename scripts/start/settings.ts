import { existsSync } from "node:fs";

/** Where the api looks for keys when API_KEYS_FILE names no other file. */
const DEFAULT_API_KEYS_FILE = "config/api-keys.json";

/** What the starter itself needs to know; the api and the worker read the rest from the same environment. */
export interface StartSettings {
  /** NaN: not a number. */
  port: number;
  /** Where the api can be reached from this machine. */
  apiUrl: string;
  /** Undefined: run a Redis of our own. */
  redisUrl: string | undefined;
  /** A key to ask the api with. Undefined when there are none, or only hashes of them. */
  apiKey: string | undefined;
  /** Whether the api has keys, wherever they stand. */
  needsKey: boolean;
  drainTimeoutMs: number;
}

const WILDCARD_HOSTS = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "[::1]"],
  ["::1", "[::1]"],
]);

/**
 * Wrong values fall back to the defaults here: the api and the worker report them, all together, and the start ends
 * with that report.
 */
export function readStartSettings(environment: NodeJS.ProcessEnv): StartSettings {
  const host = environment["HOST"] || "127.0.0.1";
  // As the api reads it: 8e3 is 8000.
  const port = Number(environment["PORT"]?.trim() || 8_000);
  const keys = (environment["API_KEYS"] ?? "").split(",").filter((key) => key.trim() !== "");
  const drainTimeoutSeconds = Number(environment["DRAIN_TIMEOUT_SECONDS"] || 30);
  return {
    port,
    apiUrl: `http://${WILDCARD_HOSTS.get(host) ?? host}:${port}`,
    redisUrl: environment["REDIS_URL"] || undefined,
    apiKey: keys.map(plainSecret).find((secret) => secret !== undefined),
    needsKey: keys.length > 0 || hasKeysFile(environment),
    drainTimeoutMs: drainTimeoutSeconds >= 0 ? Math.round(drainTimeoutSeconds * 1_000) : 30_000,
  };
}

function hasKeysFile(environment: NodeJS.ProcessEnv): boolean {
  return (environment["API_KEYS_FILE"] ?? "").trim() !== "" || existsSync(DEFAULT_API_KEYS_FILE);
}

/** `name:secret` → the secret; `name:sha256:hex` → undefined. */
function plainSecret(key: string): string | undefined {
  const secret = key.slice(key.indexOf(":") + 1).trim();
  return secret.startsWith("sha256:") ? undefined : secret;
}
