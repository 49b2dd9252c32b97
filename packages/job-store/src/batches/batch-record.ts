import {
  batchLinks,
  type BatchOptions,
  type BatchProgress,
  type BatchStatus,
  type BatchUploadState,
} from "@millrace/contracts";
import type { Keys } from "../keys.ts";

/**
 * The state of a batch: a hash in Redis.
 *
 *     (upload begins) → running ── no upload under way, all jobs ended ──→ completed | cancelled
 *                         ↑                                                    │
 *                         └──────── its upload goes on, a job is retried ──────┘
 *
 * Its upload is `receiving` until its end has been read (`complete`), or until it breaks off, is silent for too long,
 * or the batch is cancelled (`cut`). Each upload has a token; a newer one takes the batch over from an older one.
 *
 * A line makes its job in three steps: it is taken into the batch (`w`), its job is written under an id made of batch
 * and line, and that is confirmed (`q`). Each can be done again; what a crash leaves at `w`, the next upload completes,
 * or the sweeper. All of it changes only by the scripts `batch-….lua`; their shared part says what is kept of a line.
 */
export interface BatchRecord {
  tenant: string;
  status: BatchStatus;
  upload: BatchUploadState;
  /** Null when no upload is under way. One that a cancel cuts off keeps it until it closes or is silent for too long. */
  uploadToken: string | null;
  /** Milliseconds since 1970. */
  createdAt: number;
  finishedAt: number | null;
  lines: number;
  accepted: number;
  rejected: number;
  completed: number;
  failed: number;
  cancelled: number;
  cancelRequested: boolean;
  /** Its jobs are being cancelled. */
  cancelling: boolean;
  /** How long its longest-lived job is kept, in seconds. */
  retentionSeconds: number;
  options: BatchOptions;
  /** Name of its idempotency key in Redis. */
  idempotencyKey: string | null;
  /** Grows with each change. */
  revision: number;
  /** Of this revision; milliseconds since 1970. */
  changedAt: number;
}

/** The hash fields of a batch that its first upload opens. `now` is in milliseconds since 1970. */
export function newBatchFields(batch: {
  tenant: string;
  now: number;
  retentionSeconds: number;
  options: BatchOptions;
  idempotencyKey: string | null;
}): (string | number)[] {
  const key = batch.idempotencyKey === null ? {} : { idempotency_key: batch.idempotencyKey };
  return Object.entries({
    tenant: batch.tenant,
    status: "running",
    created_at: batch.now,
    lines: 0,
    accepted: 0,
    rejected: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    retention_seconds: batch.retentionSeconds,
    options: JSON.stringify(batch.options),
    ...key,
  }).flat();
}

/** Reads what `HGETALL` answers; null when there is no such batch. */
export function parseBatch(hash: Record<string, string>): BatchRecord | null {
  const { tenant, status, upload, options } = hash;
  if (tenant === undefined || status === undefined || upload === undefined) return null;
  const count = (field: string): number => Number(hash[field] ?? 0);
  return {
    tenant,
    status: status as BatchStatus,
    upload: upload as BatchUploadState,
    uploadToken: hash["upload_token"] ?? null,
    createdAt: count("created_at"),
    finishedAt: hash["finished_at"] === undefined ? null : count("finished_at"),
    lines: count("lines"),
    accepted: count("accepted"),
    rejected: count("rejected"),
    completed: count("completed"),
    failed: count("failed"),
    cancelled: count("cancelled"),
    cancelRequested: hash["cancel_requested"] !== undefined,
    cancelling: hash["cancelling"] !== undefined,
    retentionSeconds: count("retention_seconds"),
    options: JSON.parse(options ?? "{}") as BatchOptions,
    idempotencyKey: hash["idempotency_key"] ?? null,
    revision: count("revision"),
    // One that was written by an earlier version has no such time.
    changedAt: count("changed_at") || count("finished_at") || count("created_at"),
  };
}

/**
 * Whether lines that were withdrawn may still get their jobs before the batch has ended. When it has, nobody may ever
 * send it again.
 */
export function mayFillGaps({ status, upload, cancelRequested, idempotencyKey }: BatchRecord): boolean {
  return status === "running" && upload !== "complete" && !cancelRequested && idempotencyKey !== null;
}

/** Jobs of a batch that have not ended. */
function pendingJobs({ accepted, completed, failed, cancelled }: BatchRecord): number {
  return accepted - completed - failed - cancelled;
}

/** A batch as clients see it, without its rejections. */
export function batchProgress(id: string, record: BatchRecord): BatchProgress {
  const { completed, failed, cancelled } = record;
  return {
    id,
    status: record.status,
    upload: record.upload,
    created_at: new Date(record.createdAt).toISOString(),
    finished_at: record.finishedAt === null ? null : new Date(record.finishedAt).toISOString(),
    lines: record.lines,
    accepted: record.accepted,
    rejected: record.rejected,
    counts: { pending: pendingJobs(record), completed, failed, cancelled },
    cancel_requested: record.cancelRequested,
    options: record.options,
    links: batchLinks(id),
  };
}

/** The keys of every script that changes a batch, in their order. */
export function batchScriptKeys(keys: Keys, batchId: string): string[] {
  const { record, hashes, states, ended, rejections, generations } = keys.batch(batchId);
  return [record, hashes, states, ended, rejections, generations];
}
