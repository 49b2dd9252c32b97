export type { Gate } from "./admission/gate.ts";
export type { LineUsage, TenantUsage, WaitingJobs } from "./admission/line-usage.ts";
export {
  DEFAULT_LIMITS,
  QueueFullError,
  type LimitsOf,
  type TenantLimits,
} from "./admission/tenant-limits.ts";
export { isBatchId } from "./batches/batch-id.ts";
export { parseBatchCursor, type BatchResults } from "./batches/batch-results.ts";
export { BatchRefusedError, CAP_WAIT_MS, type BatchUpload } from "./batches/batch-upload.ts";
export type { UploadLine } from "./batches/upload-line.ts";
export { systemClock, type Clock } from "./clock.ts";
export type { LogEvent, LogHead } from "./event-log.ts";
export type { FleetHandlers } from "./fleet-responder.ts";
export type { FleetOutcome } from "./fleet-requests.ts";
export type { FleetView } from "./fleet-view.ts";
export { IdempotencyMismatchError, JobExpiredError } from "./idempotency.ts";
export type { ApprovalAnswer } from "./job-control.ts";
export { isJobId } from "./job-id.ts";
export type { JobFilter } from "./job-index.ts";
export type { Execute, ExecutionResult, JobExecution } from "./job-execution.ts";
export type { RetryAnswer } from "./job-retry.ts";
export type { JobRunner } from "./job-runner.ts";
export { createJobStore, type JobStore, type JobStoreOptions } from "./job-store.ts";
export type { JobSnapshot } from "./job-view.ts";
export type { KeyReloads } from "./key-reloads.ts";
export type { FinishedCounts } from "./metrics/finished-jobs.ts";
export type { LogFollower } from "./log-follower.ts";

export { InvalidTimingError } from "./schedules/next-run.ts";
export type { ScheduleRunner } from "./schedules/schedule-runner.ts";
export { TooManySchedulesError, type Schedules } from "./schedules/schedules.ts";
export type { NewJob } from "./submission.ts";
export type { Sweeper } from "./sweeper.ts";
export { type CoolDowns } from "./cool-downs.ts";
export { StoreUnavailableError } from "./unavailable.ts";
export { EVERY_TENANT, type Viewer } from "./viewer.ts";
export type { WorkerRegistry } from "./worker-registry.ts";
export { createWorkerStore, type WorkerStore, type WorkerStoreOptions } from "./worker-store.ts";
export type { Deliveries } from "./webhooks/deliveries.ts";
export type { SendWebhook, WebhookAnswer, WebhookMessage, WebhookRunner } from "./webhooks/webhook-runner.ts";
export { waitForEnd } from "./wait-for-end.ts";
