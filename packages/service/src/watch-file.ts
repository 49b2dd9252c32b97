import { statSync, watch } from "node:fs";
import { dirname } from "node:path";

/** Editors write in several steps. In milliseconds. */
const SETTLE_MS = 200;

/** How often the file is looked at when nothing has been heard of its folder, in milliseconds. */
const RECHECK_MS = 5_000;

export interface FileWatchOptions {
  path: string;
  onChange: () => Promise<unknown>;
  /** The part of a pino logger that is used. */
  logger: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** What {@link fileVersion} said before the file was read: a change since then is one too. Default: what it says now. */
  since?: string | null;
  /** Default 5 s. */
  recheckMs?: number;
}

/** Another value for another file or content; null while there is no such file. */
export function fileVersion(path: string): string | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : null;
  } catch (error) {
    // Such as a link to itself, or a folder that may not be entered. Who reads the file then says what is wrong.
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/**
 * Calls `onChange` after the file has become another, or can no longer be read. What is watched is its folder: editors
 * and Kubernetes put a new file, or a link to one, in the place of the old one. The file itself is looked at every few
 * seconds too: a folder says nothing of what its links lead to, nor of the folder that takes its own place. A file that
 * is taken away is no change: it may be on its way. Disposing ends the watch.
 */
export function watchFile(options: FileWatchOptions): Disposable {
  const { path, onChange, logger, recheckMs = RECHECK_MS } = options;
  let version = options.since === undefined ? fileVersion(path) : options.since;
  let timer: NodeJS.Timeout | null = null;

  const look = (): void => {
    timer = null;
    const latest = fileVersion(path);
    if (latest === null || latest === version) return;
    version = latest;
    onChange().catch((error: unknown) => logger.error({ err: error }, "Bug: a changed file was not read"));
  };
  const lookSoon = (): void => {
    timer ??= setTimeout(look, SETTLE_MS);
  };
  const recheck = (): void => {
    if (fileVersion(path) !== version) lookSoon();
  };
  const folder = watchFolder(options, lookSoon);
  recheck();
  const rechecks = setInterval(recheck, recheckMs).unref();
  return {
    [Symbol.dispose]: () => {
      folder?.close();
      clearInterval(rechecks);
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** Null when its folder cannot be watched. */
function watchFolder({ path, logger }: FileWatchOptions, onEvent: () => void) {
  const fail = (error: unknown): void => {
    const fields = { path, reason: String(error) };
    logger.warn(fields, "The folder of this file is not watched; changes are noticed some seconds later");
  };
  try {
    return watch(dirname(path), onEvent).on("error", fail);
  } catch (error) {
    fail(error);
    return null;
  }
}
