export { systemClock, type Clock } from "./clock.ts";
export type { LogEvent, LogHead } from "./event-log.ts";
export type { FleetView } from "./fleet-view.ts";
export { isJobId } from "./job-id.ts";
export type { JobFilter } from "./job-index.ts";
export type { JobExecution, JobRunner } from "./job-runner.ts";
export {
  createJobStore,
  waitForEnd,
  type JobSnapshot,
  type JobStore,
  type JobStoreOptions,
} from "./job-store.ts";
export type { LogFollower } from "./log-follower.ts";
export type { JobOutcome } from "./record.ts";
export type { Sweeper } from "./sweeper.ts";
export { StoreUnavailableError } from "./unavailable.ts";
export type { WorkerRegistry } from "./worker-registry.ts";
export { createWorkerStore, type WorkerStore, type WorkerStoreOptions } from "./worker-store.ts";
