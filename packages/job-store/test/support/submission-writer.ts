import { Admission } from "../../src/admission/admission.ts";
import { FleetCapacity } from "../../src/admission/fleet-capacity.ts";
import { Standings } from "../../src/admission/standing.ts";
import type { LimitsOf } from "../../src/admission/tenant-limits.ts";
import { systemClock } from "../../src/clock.ts";
import { JobQueues } from "../../src/job-queues.ts";
import { SubmissionWriter } from "../../src/submission/submission-writer.ts";
import { silentLogger, type Installation } from "./test-installation.ts";

/** What writes submissions, and the queues whose pipelines it takes. */
export function createWriter({ redis, keys, onRelease }: Installation, limitsOf: LimitsOf) {
  const queues = new JobQueues(redis, keys, silentLogger);
  onRelease(() => queues.close());
  const admission = new Admission({
    redis,
    keys,
    queues,
    capacity: new FleetCapacity(redis, keys),
    limitsOf,
  });
  const shared = { redis, keys, queues, admission, standings: new Standings(), clock: systemClock };
  return { queues, writer: new SubmissionWriter({ ...shared, retentionSeconds: 600 }) };
}
