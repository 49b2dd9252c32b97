import { statSync, watch } from "node:fs";
import { dirname } from "node:path";

/** Editors write in several steps. In milliseconds. */
const SETTLE_MS = 200;

export interface FileWatchOptions {
  path: string;
  onChange: () => Promise<unknown>;
  /** The part of a pino logger that is used. */
  logger: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** Another value for another file or content; null while there is no such file. */
function versionOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : null;
}

/**
 * Calls `onChange` after the file has become another. What is watched is its folder: editors and Kubernetes put a new
 * file, or a link to one, in the place of the old one. A file that is taken away is no change: it may be on its way.
 * Disposing ends the watch.
 */
export function watchFile({ path, onChange, logger }: FileWatchOptions): Disposable {
  let version = versionOf(path);
  let timer: NodeJS.Timeout | null = null;

  const look = (): void => {
    timer = null;
    const latest = versionOf(path);
    if (latest === null || latest === version) return;
    version = latest;
    onChange().catch((error: unknown) => logger.error({ err: error }, "Bug: a changed file was not read"));
  };
  const fail = (error: unknown): void => {
    const fields = { path, reason: String(error) };
    logger.warn(fields, "Changes of this file are not noticed; POST /mcp/reload reads it again");
  };
  try {
    const watcher = watch(dirname(path), () => {
      timer ??= setTimeout(look, SETTLE_MS);
    });
    watcher.on("error", fail);
    return {
      [Symbol.dispose]: () => {
        watcher.close();
        if (timer !== null) clearTimeout(timer);
      },
    };
  } catch (error) {
    fail(error);
    return { [Symbol.dispose]: () => undefined };
  }
}
