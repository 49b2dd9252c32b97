import type { Redis } from "ioredis";
import type { JobQueues } from "../job-queues.ts";
import type { Keys } from "../keys.ts";
import type { Logger } from "../logger.ts";
import { Admission } from "./admission.ts";
import { Departures } from "./departures.ts";
import { FleetCapacity } from "./fleet-capacity.ts";
import { Standings } from "./standing.ts";
import type { LimitsOf } from "./tenant-limits.ts";

/** What a process has to do with the lines. */
export interface Lines {
  admission: Admission;
  standings: Standings;
  departures: Departures;
}

/** A process without `limitsOf` goes by what the submitting ones have stored. */
export function createLines({
  redis,
  keys,
  queues,
  logger,
  limitsOf,
}: {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  logger: Logger;
  limitsOf?: LimitsOf;
}): Lines {
  const admission = new Admission({
    redis,
    keys,
    queues,
    capacity: new FleetCapacity(redis, keys),
    limitsOf,
  });
  return { admission, standings: new Standings(), departures: new Departures(admission, logger) };
}
