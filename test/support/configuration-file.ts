import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeUnwatched } from "./unwatched-file.ts";

/** A configuration file in a folder of its own. One that is not watched seems never to change. */
export class ConfigurationFile implements AsyncDisposable {
  readonly path: string;
  readonly #folder: string;
  readonly #isWatched: boolean;

  protected constructor(folder: string, name: string, isWatched: boolean) {
    this.#folder = folder;
    this.#isWatched = isWatched;
    this.path = join(folder, name);
  }

  protected static async createFolder(): Promise<string> {
    return await mkdtemp(join(tmpdir(), "millrace-file-"));
  }

  async writeText(text: string): Promise<void> {
    if (this.#isWatched) await writeFile(this.path, text);
    else writeUnwatched(this.path, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
