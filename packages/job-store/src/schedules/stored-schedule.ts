import type { JobRequest, ScheduleError, ScheduleTiming, ToolAccess } from "@millrace/contracts";
import type { TenantLimits } from "../admission/tenant-limits.ts";

/**
 * A schedule: what decides is this text in a hash of its tenant. BullMQ's job scheduler only says when, and what it
 * fires is dropped unless it carries the revision that stands here.
 *
 *     (put) → active ←─ resume / pause ─→ paused → (delete)
 *
 * Every change has a new revision. A change is noted, then written, then told to BullMQ, then its note is taken away;
 * the sweeper completes what a crash cut off in between.
 */
export interface StoredSchedule {
  revision: string;
  createdAt: number;
  updatedAt: number;
  timing: ScheduleTiming;
  job: JobRequest;
  /** Of its jobs that name none, in seconds. */
  retentionSeconds: number;
  /** What its tenant may use; null: everything. */
  toolAccess: ToolAccess | null;
  /** What bounds its tenant's jobs, unless another of them that is under way has brought newer limits. */
  limits: TenantLimits;
  paused: boolean;
}

/** The last time that fired; milliseconds since 1970. `at` comes first, so that the script can read it. */
export interface StoredRun {
  at: number;
  jobId: string | null;
  /** Why this time made no job. */
  error?: ScheduleError;
}

/** What BullMQ fires. */
export interface ScheduleTick {
  tenant: string;
  id: string;
  revision: string;
}

/** BullMQ's id of a schedule. Neither a tenant's name nor a schedule's id has a slash. */
export function schedulerId(tenant: string, id: string): string {
  return `${tenant}/${id}`;
}

/** A note of a change that is under way. */
export function changeNote({ tenant, id, revision }: ScheduleTick): string {
  return `${tenant}/${id}/${revision}`;
}

export function parseNote(note: string): ScheduleTick {
  const [tenant = "", id = "", revision = ""] = note.split("/");
  return { tenant, id, revision };
}
