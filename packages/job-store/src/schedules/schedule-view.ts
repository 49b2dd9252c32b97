import { jobLinks, scheduleLink, type Schedule } from "@millrace/contracts";
import type { LastJob } from "./last-jobs.ts";
import type { StoredRun, StoredSchedule } from "./stored-schedule.ts";

/** A schedule, what is planned for it, and its last run with the job that it made, if that is still there. */
export function scheduleView(
  { tenant, id }: { tenant: string; id: string },
  stored: StoredSchedule,
  { next, run, job }: { next: number | null; run: StoredRun | null; job: LastJob | null },
): Schedule {
  const { timing } = stored;
  const isCron = "cron" in timing;
  const jobId = run?.jobId ?? null;
  return {
    id,
    key: tenant,
    cron: isCron ? timing.cron : null,
    time_zone: isCron ? timing.timeZone : null,
    interval_ms: isCron ? null : timing.intervalMs,
    job: stored.job,
    paused: stored.paused,
    created_at: instant(stored.createdAt),
    updated_at: instant(stored.updatedAt),
    next_run_at: stored.paused || next === null ? null : instant(next),
    last_run_at: run && instant(run.at),
    last_job_id: jobId,
    last_job_status: job?.status ?? null,
    last_error: run?.error ?? errorOf(job),
    links: { self: scheduleLink(id), last_job: jobId && jobLinks(jobId).self },
  };
}

function errorOf(job: LastJob | null): Schedule["last_error"] {
  return job?.error ? { code: job.error.code, message: job.error.message } : null;
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
