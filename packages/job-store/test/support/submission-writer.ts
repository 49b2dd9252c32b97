import { createLines } from "../../src/admission/lines.ts";
import type { LimitsOf } from "../../src/admission/tenant-limits.ts";
import { systemClock } from "../../src/clock.ts";
import { JobQueues } from "../../src/job-queues.ts";
import { SubmissionWriter, type SubmissionWriterOptions } from "../../src/submission/submission-writer.ts";
import { silentLogger, type Installation } from "./test-installation.ts";

/** What writes submissions, and the queues whose pipelines it takes. */
export function createWriter(
  { redis, keys, onRelease }: Installation,
  limitsOf: LimitsOf,
  options: Pick<SubmissionWriterOptions, "staleAfterMs"> = {},
) {
  const queues = new JobQueues(redis, keys, silentLogger);
  onRelease(() => queues.close());
  const { admission, standings } = createLines({ redis, keys, queues, logger: silentLogger, limitsOf });
  const shared = { redis, keys, queues, admission, standings, clock: systemClock };
  return { queues, writer: new SubmissionWriter({ ...shared, retentionSeconds: 600, ...options }) };
}
