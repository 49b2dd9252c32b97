import { z } from "zod";
import { JobStatus } from "./job.ts";
import { JobRequest } from "./job-request.ts";
import { isShallow, JSON_DEPTH_MAX } from "./json-depth.ts";

/** The caller chooses it; it stands in the path. */
export const ScheduleId = z
  .string()
  .regex(/^[\w.-]{1,64}$/, "takes 1 to 64 letters, digits, _ . and -")
  .describe("1 to 64 letters, digits, _ . and -");

/** The shortest and the longest interval, in milliseconds. */
const INTERVAL_MS_MIN = 1_000;
const INTERVAL_MS_MAX = 365 * 86_400_000;

/** The largest job of a schedule, in bytes of JSON: lists show the jobs of all of them. */
const SCHEDULE_JOB_BYTES_MAX = 256 * 1_024;

export const DEFAULT_TIME_ZONE = "UTC";

/** When a schedule fires: at the times of a cron expression, or again and again after the same time. */
export type ScheduleTiming =
  | { cron: string; timeZone: string }
  | { intervalMs: number; /** Counted from here, in milliseconds since 1970. */ anchor: number };

/** Whether the system knows this time zone by name; an offset such as `+02:00` is none, since it knows no clock change. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** One that nests too deeply is refused for that, and cannot be written. */
function isTooLarge(job: JobRequest): boolean {
  if (!isShallow(job, 2 * JSON_DEPTH_MAX)) return false;
  return new TextEncoder().encode(JSON.stringify(job)).length > SCHEDULE_JOB_BYTES_MAX;
}

/** Body of `PUT /schedules/{id}`. What its cron expression may be is checked by what computes its times. */
export const ScheduleRequest = z
  .strictObject({
    cron: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe("Five fields (minute, hour, day, month, weekday), or six with the seconds first."),
    time_zone: z
      .string()
      .max(64)
      .refine(isTimeZone, "must be an IANA time zone, such as Europe/Berlin")
      .optional()
      .describe("IANA name of the time zone; only for `cron`. Default UTC."),
    interval_ms: z
      .int()
      .min(INTERVAL_MS_MIN)
      .max(INTERVAL_MS_MAX)
      .optional()
      .describe("Instead of `cron`. The first run is one interval after the schedule was put."),
    job: JobRequest.describe(
      `What is submitted each time; at most ${SCHEDULE_JOB_BYTES_MAX / 1_024} KiB as JSON.`,
    ),
    paused: z
      .boolean()
      .optional()
      .describe(
        "Whether it is paused. Left out, an existing schedule stays as it is, and a new one is not paused.",
      ),
  })
  .superRefine(({ cron, time_zone: timeZone, interval_ms: intervalMs, job }, context) => {
    const refuse = (path: string[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    if (cron === undefined && intervalMs === undefined) refuse(["cron"], "give either cron or interval_ms");
    if (cron !== undefined && intervalMs !== undefined)
      refuse(["interval_ms"], "give either cron or interval_ms, not both");
    if (timeZone !== undefined && cron === undefined) refuse(["time_zone"], "belongs to cron alone");
    if (job.type === "chat" && job.previous_job_id !== undefined)
      refuse(["job", "previous_job_id"], "a schedule cannot go on with one job; send its messages instead");
    if (isTooLarge(job))
      refuse(
        ["job"],
        `must have at most ${SCHEDULE_JOB_BYTES_MAX} bytes as JSON; let it read what is larger with a tool`,
      );
  })
  .meta({
    id: "ScheduleRequest",
    example: {
      cron: "0 6 * * 1-5",
      time_zone: "Europe/Berlin",
      job: { type: "chat", message: "Summarize welcome.txt" },
    },
  });
export type ScheduleRequest = z.infer<typeof ScheduleRequest>;

const instant = z.iso.datetime();

/** Why the last time brought no job that completed. */
export const ScheduleError = z
  .object({
    code: z
      .string()
      .describe("The code of the failed job's error, or of the problem when its submission was refused."),
    message: z.string(),
  })
  .meta({ id: "ScheduleError" });
export type ScheduleError = z.infer<typeof ScheduleError>;

/** A schedule as every route shows it. Absent values are null. */
export const Schedule = z
  .object({
    id: ScheduleId,
    key: z.string().describe("The name of the API key that it belongs to."),
    cron: z.string().nullable(),
    time_zone: z.string().nullable(),
    interval_ms: z.int().nullable(),
    job: JobRequest,
    paused: z.boolean(),
    created_at: instant,
    updated_at: instant.describe("When it was last changed, paused or resumed."),
    next_run_at: instant
      .nullable()
      .describe("Null while it is paused. In the past when no worker was there to run it."),
    last_run_at: instant.nullable().describe("The time that was due, not when its job was submitted."),
    last_job_id: z.string().nullable(),
    last_job_status: JobStatus.nullable().describe("Null when the job has expired."),
    last_error: ScheduleError.nullable(),
    links: z.object({ self: z.string(), last_job: z.string().nullable() }),
  })
  .meta({ id: "Schedule" });
export type Schedule = z.infer<typeof Schedule>;

/** How many schedules one key may have. */
export const SCHEDULES_MAX = 1_000;

export const SchedulePage = z
  .object({ schedules: z.array(Schedule), next_cursor: z.string().nullable() })
  .meta({ id: "SchedulePage" });
export type SchedulePage = z.infer<typeof SchedulePage>;

/** The path of a schedule, relative to the api's origin. */
export function scheduleLink(id: string): string {
  return `/schedules/${id}`;
}
