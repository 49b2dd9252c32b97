import { createHash } from "node:crypto";
import { ConfigurationFile } from "./configuration-file.ts";

/** A file of API keys, for `API_KEYS_FILE`. The secret of each key is `NAME-secret`. */
export class KeysFile extends ConfigurationFile {
  /** One that apis notice when it changes. */
  static async create(keys: Record<string, object>): Promise<KeysFile> {
    return await KeysFile.#write(keys, true);
  }

  /** One that seems never to change: apis read it again only when they are told to. */
  static async unwatched(keys: Record<string, object>): Promise<KeysFile> {
    return await KeysFile.#write(keys, false);
  }

  static async #write(keys: Record<string, object>, isWatched: boolean): Promise<KeysFile> {
    const file = new KeysFile(await ConfigurationFile.createFolder(), "api-keys.json", isWatched);
    await file.write(keys);
    return file;
  }

  /** Each key with the hash of its secret. */
  async write(keys: Record<string, object>): Promise<void> {
    const entries = Object.entries(keys).map(([name, key]) => [
      name,
      { sha256: hashOf(secretOf(name)), ...key },
    ]);
    await this.writeText(JSON.stringify({ keys: Object.fromEntries(entries) as object }));
  }
}

export function secretOf(name: string): string {
  return `${name}-secret`;
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
