import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeUnwatched } from "./unwatched-file.ts";

/** A file of API keys, in a folder of its own. The secret of each key is `NAME-secret`. */
export class KeysFile implements AsyncDisposable {
  /** For `API_KEYS_FILE`. */
  readonly path: string;
  readonly #folder: string;
  readonly #isWatched: boolean;

  private constructor(folder: string, isWatched: boolean) {
    this.#folder = folder;
    this.#isWatched = isWatched;
    this.path = join(folder, "api-keys.json");
  }

  static async create(keys: Record<string, object>): Promise<KeysFile> {
    const file = new KeysFile(await mkdtemp(join(tmpdir(), "millrace-keys-")), true);
    await file.write(keys);
    return file;
  }

  /** One that seems never to change: apis read it again only when they are told to. */
  static async unwatched(keys: Record<string, object>): Promise<KeysFile> {
    const file = new KeysFile(await mkdtemp(join(tmpdir(), "millrace-keys-")), false);
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

  async writeText(text: string): Promise<void> {
    if (this.#isWatched) await writeFile(this.path, text);
    else writeUnwatched(this.path, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

export function secretOf(name: string): string {
  return `${name}-secret`;
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
