import type { JobStatus, JobType } from "@millrace/contracts";

/**
 * The state of a job: a small hash in Redis, the only thing that decides.
 *
 *     (create) ──────────────────────────────────────────────▶ queued
 *     queued ────────── claim ───────────────────────────────▶ running
 *     running ───────── claim by a newer run, after a crash
 *                       or a hand-over ──────────────────────▶ running
 *     running ───────── park ────────────────────────────────▶ parked
 *     parked ────────── claim, when its reason has ended ────▶ running
 *     running ───────── retry, after a failed attempt ───────▶ queued
 *     running ───────── last step, or too many crashes ──────▶ completed | failed | cancelled
 *     queued, parked ── cancel, time in the queue ───────────▶ cancelled | failed
 *     failed, cancelled ── reopen, by a client ──────────────▶ queued
 *
 * A run is one start of a job by one worker, numbered by (generation, run): `run` is BullMQ's `attemptsStarted`
 * and `generation` counts how often the job was put into its queue anew. Every write of a run carries both, and its
 * worker: a failover may forget a claim, and the same run is another worker's then. A claim raises the run, and a
 * reopening the generation, so that an older run is refused from then on.
 *
 * The cancel of a running job is a request that its record keeps: from then on it can only become cancelled.
 *
 * Once it is written, only the scripts in `scripts/` change a record.
 */
export interface JobRecord {
  tenant: string;
  type: JobType;
  status: JobStatus;
  attempt: number;
  generation: number;
  run: number;
  /** The run that had begun no side effect when it ended, or waits to begin one. */
  idleRun: number | null;
  workerId: string | null;
  startedAt: number | null;
  /** When it fails if no worker has started it by then, in milliseconds since 1970. */
  queueDeadline: number | null;
  /** The batch of which the job is a line; null for a job of its own. */
  batchId: string | null;
  /** The request names a webhook. */
  hasWebhook: boolean;
  /** Somebody has cancelled the job while it ran. */
  cancelRequested: boolean;
  /** Tool calls that wait for an approval. */
  waitingApprovals: readonly string[];
}

/** The hash fields of a new record. The values stay under 64 bytes: longer ones cost the compact encoding. */
export function newRecordFields(record: {
  tenant: string;
  type: JobType;
  timeoutMs: number;
  retentionSeconds: number;
  replyTo?: string | undefined;
  /** Milliseconds since 1970. */
  queueDeadline?: number | undefined;
  batch?: BatchMembership | undefined;
  hasWebhook?: boolean;
}): Record<string, string | number> {
  return {
    ...(record.replyTo === undefined ? {} : { reply_to: record.replyTo }),
    ...(record.queueDeadline === undefined ? {} : { queue_deadline: record.queueDeadline }),
    ...batchFields(record.batch),
    ...(record.hasWebhook ? { webhook: "1" } : {}),
    tenant: record.tenant,
    type: record.type,
    status: "queued",
    attempt: 1,
    timeout_ms: record.timeoutMs,
    retention_seconds: record.retentionSeconds,
    generation: 0,
    run: 0,
    sequence: 0,
  };
}

/** The batch of a job, and what the client calls the job's line. */
export interface BatchMembership {
  id: string;
  customId: string | null;
}

function batchFields(batch: BatchMembership | undefined): Record<string, string> {
  if (!batch) return {};
  return { batch_id: batch.id, ...(batch.customId === null ? {} : { custom_id: batch.customId }) };
}

/** `scripts/approval-field.lua` knows it too. */
const APPROVAL_PREFIX = "approval:";

/** The field of one call that needs an approval: when it expires (ms since 1970), later the decision. */
export function approvalField(toolCallId: string): string {
  return `${APPROVAL_PREFIX}${toolCallId}`;
}

function waitingApprovals(hash: Record<string, string>): string[] {
  return Object.entries(hash)
    .filter(([field, value]) => field.startsWith(APPROVAL_PREFIX) && /^\d+$/.test(value))
    .map(([field]) => field.slice(APPROVAL_PREFIX.length));
}

/** Reads what `HGETALL` answers; null when there is no such job. */
export function parseRecord(hash: Record<string, string>): JobRecord | null {
  const { tenant, type, status } = hash;
  if (tenant === undefined || type === undefined || status === undefined) return null;
  return {
    tenant,
    type: type as JobType,
    status: status as JobStatus,
    attempt: Number(hash["attempt"]),
    generation: Number(hash["generation"]),
    run: Number(hash["run"]),
    idleRun: hash["idle_run"] === undefined ? null : Number(hash["idle_run"]),
    workerId: hash["worker_id"] ?? null,
    startedAt: hash["started_at"] === undefined ? null : Number(hash["started_at"]),
    queueDeadline: hash["queue_deadline"] === undefined ? null : Number(hash["queue_deadline"]),
    batchId: hash["batch_id"] ?? null,
    hasWebhook: hash["webhook"] !== undefined,
    cancelRequested: hash["cancel_requested"] !== undefined,
    waitingApprovals: waitingApprovals(hash),
  };
}
