import type { ModelDirectory } from "@millrace/contracts";
import type { JobStore } from "@millrace/job-store";
import type { Logger } from "pino";
import type { KeyRing } from "./access/key-ring.ts";
import type { ApiConfig } from "./config.ts";
import type { OpenStreams } from "./metrics/open-streams.ts";

/** What the routes work with; made in `api.ts`. */
export interface ApiDependencies {
  config: ApiConfig;
  keyRing: KeyRing;
  store: JobStore;
  models: ModelDirectory;
  logger: Logger;
  /** Aborts when the process begins to stop: waits and streams end early. */
  shutdown: AbortSignal;
  openStreams: OpenStreams;
}
