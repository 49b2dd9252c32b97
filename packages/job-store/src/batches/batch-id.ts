import { decodeTime, ulid } from "ulid";

const PREFIX = "batch_";
const JOB_PREFIX = "job_";
const PATTERN = /^batch_[0-7][0-9a-hjkmnp-tv-z]{19}$/;
/** Crockford's base 32, whose alphabetical order is that of the numbers. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
/** Digits of a line's number in the id of its job: enough for a thousand million lines. */
const LINE_LENGTH = 6;
/** Time and randomness of a batch's id, which those of all its jobs begin with. */
const STEM_LENGTH = 20;
const ULID_LENGTH = STEM_LENGTH + LINE_LENGTH;

/**
 * A new batch's id. `now` is in milliseconds since 1970. The ids of its jobs are made of it and of their lines, so
 * that a line makes the same job however often it is sent; they sort as other jobs' ids do, at the batch's time.
 */
export function createBatchId(now: number): string {
  return PREFIX + ulid(now).toLowerCase().slice(0, STEM_LENGTH);
}

/** Whether this can be a batch's id at all; anything else is not looked up. */
export function isBatchId(text: string): boolean {
  return PATTERN.test(text);
}

/** When a batch was created, in milliseconds since 1970. */
export function batchIdTime(batchId: string): number {
  return decodeTime(batchId.slice(PREFIX.length).padEnd(ULID_LENGTH, "0").toUpperCase());
}

/** The id of the job of a line, counted from 1. */
export function batchJobId(batchId: string, line: number): string {
  let digits = "";
  for (let rest = line; digits.length < LINE_LENGTH; rest = Math.floor(rest / 32)) {
    digits = (DIGITS[rest % 32] ?? "") + digits;
  }
  return JOB_PREFIX + batchId.slice(PREFIX.length) + digits;
}

/** The line of a batch's job. */
export function lineOfJob(jobId: string): number {
  let line = 0;
  for (let position = jobId.length - LINE_LENGTH; position < jobId.length; position += 1) {
    line = line * 32 + DIGITS.indexOf(jobId.charAt(position));
  }
  return line;
}

/** Whether a job's id is made of that batch's. */
export function isJobOfBatch(jobId: string, batchId: string): boolean {
  return jobId.slice(JOB_PREFIX.length, -LINE_LENGTH) === batchId.slice(PREFIX.length);
}
