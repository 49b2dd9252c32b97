import { isDeepStrictEqual } from "node:util";
import { ConfigError, wrongConfig, type ConfigFile } from "@millrace/contracts";
import type { TenantLimits } from "@millrace/job-store";
import { findKey, hashesOf, ownerOf, type ApiKey } from "./api-keys.ts";
import { defaultSettings, settingsOf, type KeySettings } from "./key-settings.ts";
import { readKeysFile } from "./read-keys-file.ts";

export interface KeyRingOptions {
  /** Of API_KEYS: these never change. */
  environmentKeys: readonly ApiKey[];
  file: ConfigFile;
}

interface Keys {
  hashes: readonly ApiKey[];
  settings: ReadonlyMap<string, KeySettings>;
}

/** The API keys: those of the environment, and those of a file that may change while the api runs. */
export class KeyRing {
  readonly #options: KeyRingOptions;
  #keys: Keys;
  #reloading: Promise<unknown> = Promise.resolve();

  private constructor(options: KeyRingOptions, keys: Keys) {
    this.#options = options;
    this.#keys = keys;
  }

  /** @throws ConfigError when the file is not right. */
  static async open(options: KeyRingOptions): Promise<KeyRing> {
    return new KeyRing(options, await readKeys(options));
  }

  /** No key at all: then the api serves this machine alone. */
  get isEmpty(): boolean {
    return this.#keys.hashes.length === 0;
  }

  /** The key with this secret, or null. Takes the same time whichever key it is. */
  find(secret: string): KeySettings | null {
    const { hashes, settings } = this.#keys;
    const name = findKey(hashes, secret);
    return name === null ? null : (settings.get(name) ?? null);
  }

  /** What bounds a tenant's jobs, also of one whose key has gone while its jobs have not. */
  limitsOf(tenant: string): TenantLimits {
    const { weight, limits } = this.#keys.settings.get(tenant) ?? defaultSettings(tenant);
    return { weight, maxRunning: limits.max_running ?? null, maxQueued: limits.max_queued };
  }

  /**
   * Reads the file again. From then on the new keys count, and the old ones no longer. Resolves with whether they differ.
   * @throws ConfigError when it is not right: then nothing has changed.
   */
  reload(): Promise<boolean> {
    // One after the other: what was read before must not take the place of what was read later.
    const reload = this.#reloading.then(() => this.#reload());
    this.#reloading = reload.catch(() => undefined);
    return reload;
  }

  async #reload(): Promise<boolean> {
    const keys = await readKeys(this.#options);
    if (keys.hashes.length === 0 && !this.isEmpty) {
      const { path } = this.#options.file;
      throw new ConfigError(
        `${path} has gone, and without keys the api would be open: put it back, or restart the api without it`,
      );
    }
    const differ = !isDeepStrictEqual(keys, this.#keys);
    this.#keys = keys;
    return differ;
  }
}

async function readKeys({ environmentKeys, file }: KeyRingOptions): Promise<Keys> {
  const configured = Object.entries(await readKeysFile(file));
  const settings = new Map(environmentKeys.map(({ name }) => [name, defaultSettings(name)]));
  const twice = configured.filter(([name]) => settings.has(name));
  if (twice.length > 0) {
    const message = "is a key of API_KEYS too: remove one of the two";
    throw wrongConfig(
      file.path,
      twice.map(([name]) => ({ path: `keys.${name}`, message })),
    );
  }
  for (const [name, config] of configured) settings.set(name, settingsOf(name, config));
  const hashes = configured.flatMap(([name, { sha256 }]) => hashesOf(name, sha256));
  const shared = hashes.flatMap(({ name, hash }) => {
    const owner = ownerOf(environmentKeys, hash);
    const message = `is the secret of "${owner}" in API_KEYS too: give each key a secret of its own`;
    return owner === null ? [] : [{ path: `keys.${name}.sha256`, message }];
  });
  if (shared.length > 0) throw wrongConfig(file.path, shared);
  return { hashes: [...environmentKeys, ...hashes], settings };
}
