export { systemClock, type Clock } from "./clock.ts";
export type { LogEvent, LogHead } from "./event-log.ts";
export type { FleetView } from "./fleet-view.ts";
export type { ApprovalAnswer } from "./job-control.ts";
export { isJobId } from "./job-id.ts";
export type { JobFilter } from "./job-index.ts";
export type { Execute, ExecutionResult, JobExecution } from "./job-execution.ts";
export type { JobRunner } from "./job-runner.ts";
export {
  createJobStore,
  type JobSnapshot,
  type JobStore,
  type JobStoreOptions,
  type NewJob,
} from "./job-store.ts";
export type { LogFollower } from "./log-follower.ts";

export type { Sweeper } from "./sweeper.ts";
export { type CoolDowns } from "./cool-downs.ts";
export { StoreUnavailableError } from "./unavailable.ts";
export type { WorkerRegistry } from "./worker-registry.ts";
export { createWorkerStore, type WorkerStore, type WorkerStoreOptions } from "./worker-store.ts";
export { waitForEnd } from "./wait-for-end.ts";
