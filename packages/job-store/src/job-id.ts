import { decodeTime, monotonicFactory } from "ulid";

const PREFIX = "job_";
const PATTERN = /^job_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Makes ids whose alphabetical order is the order of their creation (ULID, lower case). */
export function createJobIds(): (now: number) => string {
  const ulid = monotonicFactory();
  return (now) => `${PREFIX}${ulid(now).toLowerCase()}`;
}

/** Whether this can be a job's id at all; anything else is not looked up. */
export function isJobId(text: string): boolean {
  return PATTERN.test(text);
}

/** When the job was created, in milliseconds since 1970. */
export function jobIdTime(jobId: string): number {
  return decodeTime(jobId.slice(PREFIX.length).toUpperCase());
}
