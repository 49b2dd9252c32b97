import { getRandomValues } from "node:crypto";
import { decodeTime, monotonicFactory } from "ulid";

const PREFIX = "job_";
const PATTERN = /^job_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Makes ids whose alphabetical order is the order of their creation (ULID, lower case). */
export function createJobIds(): (now: number) => string {
  const ulid = monotonicFactory(createRandomNumbers());
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

const POOL_LENGTH = 1_024;

/** Random numbers in [0, 1). A pool of them: asking the system for each digit of an id would cost a lot. */
function createRandomNumbers(): () => number {
  const pool = new Uint32Array(POOL_LENGTH);
  let next = POOL_LENGTH;
  return () => {
    if (next === POOL_LENGTH) {
      getRandomValues(pool);
      next = 0;
    }
    const value = pool[next] ?? 0;
    next += 1;
    return value / 2 ** 32;
  };
}
