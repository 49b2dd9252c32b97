import { ConfigError } from "@millrace/contracts";
import type { KeyReloads } from "@millrace/job-store";
import { watchFile } from "@millrace/service";
import type { Logger } from "pino";
import type { KeyRing } from "./key-ring.ts";

export interface KeyWatchOptions {
  keyRing: KeyRing;
  path: string;
  reloads: KeyReloads;
  logger: Logger;
}

/** Reads the keys again when their file has changed, and when another api was told to. Disposing ends the watch. */
export function watchKeys({ keyRing, path, reloads, logger }: KeyWatchOptions): Disposable {
  const reload = async (): Promise<void> => {
    try {
      if (await keyRing.reload()) logger.info({ path }, "API keys changed");
    } catch (error) {
      if (error instanceof ConfigError) {
        logger.error(
          { errors: error.errors },
          `API keys not reloaded, nothing has changed: ${error.message}`,
        );
      } else {
        logger.error({ err: error }, "Bug: the API keys were not read");
      }
    }
  };
  reloads.listen(() => void reload());
  return watchFile({ path, onChange: reload, logger });
}
