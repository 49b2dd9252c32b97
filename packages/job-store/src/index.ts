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
export type { LogEvent, LogHead } from "./reading/event-log.ts";
export type { FleetHandlers } from "./fleet/fleet-responder.ts";
export type { FleetOutcome } from "./fleet/fleet-requests.ts";
export type { FleetView } from "./fleet/fleet-view.ts";
export { IdempotencyMismatchError, JobExpiredError } from "./submission/idempotency.ts";
export type { ApprovalAnswer } from "./control/job-control.ts";
export { isJobId } from "./job-id.ts";
export type { JobFilter } from "./reading/job-index.ts";
export type { Execute, ExecutionResult, JobExecution } from "./run/job-execution.ts";
export type { RetryAnswer } from "./control/job-retry.ts";
export type { JobRunner } from "./run/job-runner.ts";
export { createJobStore, type JobStore, type JobStoreOptions } from "./job-store.ts";
export type { JobSnapshot } from "./reading/job-view.ts";
export type { KeyReloads } from "./fleet/key-reloads.ts";
export type { FinishedCounts } from "./metrics/finished-jobs.ts";
export { GoneError } from "./reading/gone-error.ts";
export type { LogFollower } from "./reading/log-follower.ts";

export { InvalidTimingError } from "./schedules/next-run.ts";
export type { ScheduleRunner } from "./schedules/schedule-runner.ts";
export { TooManySchedulesError, type Schedules } from "./schedules/schedules.ts";
export type { NewJob } from "./submission/submission.ts";
export type { Sweeper } from "./sweeper.ts";
export { type CoolDowns } from "./fleet/cool-downs.ts";
export { StoreUnavailableError } from "./redis/unavailable.ts";
export { EVERY_TENANT, type Viewer } from "./reading/viewer.ts";
export type { WorkerRegistry } from "./fleet/worker-registry.ts";
export { createWorkerStore, type WorkerStore, type WorkerStoreOptions } from "./worker-store.ts";
export type { Deliveries } from "./webhooks/deliveries.ts";
export type { SendWebhook, WebhookAnswer, WebhookMessage, WebhookRunner } from "./webhooks/webhook-runner.ts";
export { waitForEnd } from "./reading/wait-for-end.ts";
