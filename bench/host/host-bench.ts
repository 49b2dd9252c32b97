import type { HostSizes } from "./host-sizes.ts";

/** What each of the host's measurements is given. */
export interface HostBench {
  readonly sizes: HostSizes;
  /** Told what is done now, for people who wait. */
  readonly onProgress: (text: string) => void;
}
