import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file of API keys, in a folder of its own. The secret of each key is `NAME-secret`. */
export class KeysFile implements AsyncDisposable {
  /** For `API_KEYS_FILE`. */
  readonly path: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "api-keys.json");
  }

  static async create(keys: Record<string, object>): Promise<KeysFile> {
    const file = new KeysFile(await mkdtemp(join(tmpdir(), "millrace-keys-")));
    await file.write(keys);
    return file;
  }

  /** One behind a link, in whose folder nothing happens: apis read it again only when they are told to. */
  static async unwatched(keys: Record<string, object>): Promise<KeysFile> {
    const file = new KeysFile(await mkdtemp(join(tmpdir(), "millrace-keys-")));
    await mkdir(join(file.#folder, "elsewhere"));
    await symlink(join(file.#folder, "elsewhere", "keys.json"), file.path);
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
    await writeFile(this.path, text);
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
