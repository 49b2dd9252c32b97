import type { Redis } from "ioredis";
import type { createLauncher } from "./launcher.ts";

/** What every measurement is given. */
export interface Bench {
  readonly redis: Redis;
  readonly redisUrl: string;
  /** For configuration files; it is removed at the end. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told what is done now, for people who wait. */
  readonly onProgress: (text: string) => void;
  /** The programs of each measurement end with it. */
  readonly createLauncher: () => ReturnType<typeof createLauncher>;
}
