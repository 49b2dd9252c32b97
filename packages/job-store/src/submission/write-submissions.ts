import { entrancesOf, type Entrance } from "../admission/entrance.ts";
import { QueueFullError } from "../admission/tenant-limits.ts";
import { OwnedPipeline, type OwnedReplies } from "../redis/owned-pipeline.ts";
import {
  queueDeadline,
  recordOf,
  type PreparedSubmission,
  type SubmissionDependencies,
} from "./submission.ts";

type Pipeline = OwnedPipeline<PreparedSubmission>;
type Replies = OwnedReplies<PreparedSubmission>;

/** `settled`: written whole. `noted`: accepted, and the sweeper does the rest. An error: not accepted. */
type Written = "settled" | "noted" | Error;

/**
 * Writes submissions together: a note that they are under way, their places in the index, then for each its log and
 * record, and its entrance into its line or into BullMQ. That is one round trip, and a second one where a line has to
 * say first what comes into BullMQ, or where an idempotency key is to be marked. Neither is a transaction: what a crash
 * leaves in between, the sweeper finds by the note and completes. The notes of `settled` jobs are taken away by the way.
 *
 * Returns what became of each: `QueueFullError` when the key's cap refuses it, of which nothing is left then. A job of
 * which somebody has been told is not refused any more: its note stays, and the sweeper lets it in.
 * @throws what fails them all.
 */
export async function writeSubmissions(
  submissions: readonly PreparedSubmission[],
  settled: readonly string[],
  dependencies: SubmissionDependencies,
): Promise<Written[]> {
  const { keys, queues } = dependencies;
  const first: Pipeline = new OwnedPipeline(() => queues.pipeline());
  if (settled.length > 0) first.run("all", "zrem", [keys.submissions, ...settled]);
  announce(first, submissions, dependencies);
  const creations = new Map<PreparedSubmission, number>();
  for (const submission of submissions) {
    creations.set(submission, await createJob(first, submission, dependencies));
  }
  const entrances = entrancesOf(submissions, dependencies);
  for (const entrance of entrances) {
    await entrance.enter(first);
    if (entrance.isAtOnce)
      for (const submission of entrance.submissions) tell(first, submission, dependencies);
  }
  const written = await first.exec();

  const second: Pipeline = new OwnedPipeline(() => queues.pipeline());
  // Redis may have refused the notes, and taken what comes after them: then that would stay for ever.
  if (written.commonError) note(second, [], submissions, dependencies);
  const refused = new Map<PreparedSubmission, Written>();
  const takenBack = new Map<PreparedSubmission, number>();
  for (const entrance of entrances) {
    // Their line may not have heard of them.
    if (entrance.submissions.every((submission) => written.ownErrorOf(submission))) continue;
    for (const submission of await complete(entrance, written, second, dependencies)) {
      // Whether it was there before is not known.
      if (written.ownErrorOf(submission)) continue;
      const wasThere = mayBeThere(submission) && written.reply(creations.get(submission) ?? -1) === 0;
      if (wasThere) {
        refused.set(submission, "noted");
        close(second, submission, dependencies);
      } else takenBack.set(submission, takeBack(second, submission, dependencies));
    }
  }
  const completed = second.isEmpty ? null : await second.exec();
  if (completed) await settleRefused(takenBack, completed, refused, dependencies);
  await Promise.all(entrances.map((entrance) => entrance.reorder()));
  return submissions.map(
    (submission) =>
      written.errorOf(submission) ?? completed?.errorOf(submission) ?? refused.get(submission) ?? "settled",
  );
}

/** The id of one under an idempotency key, or of a batch's line, may have been written before. */
function mayBeThere({ mark, batch }: PreparedSubmission): boolean {
  return mark !== undefined || batch !== undefined;
}

const lineOf = ({ tenant, request: { type } }: PreparedSubmission) => ({ tenant, type });

/** Adds what all submissions need before the first record is written. */
function announce(
  pipeline: Pipeline,
  submissions: readonly PreparedSubmission[],
  dependencies: SubmissionDependencies,
): void {
  note(pipeline, "all", submissions, dependencies);
  list(pipeline, "all", submissions, dependencies);
}

/** Adds the notes that the submissions are under way. */
function note(
  pipeline: Pipeline,
  owners: readonly PreparedSubmission[] | "all",
  submissions: readonly PreparedSubmission[],
  { keys }: SubmissionDependencies,
): void {
  pipeline.run(owners, "zadd", [keys.submissions, ...submissions.flatMap(({ at, jobId }) => [at, jobId])]);
}

/**
 * Their places in the index and among those that have to start in time. The tenants come after the index: one that has
 * nothing there may be forgotten at any moment.
 */
function list(
  pipeline: Pipeline,
  owners: readonly PreparedSubmission[] | "all",
  submissions: readonly PreparedSubmission[],
  { keys }: SubmissionDependencies,
): void {
  for (const [tenant, own] of Map.groupBy(submissions, (submission) => submission.tenant)) {
    pipeline.run(owners, "zadd", [keys.index(tenant), ...own.flatMap(({ jobId }) => [0, jobId])]);
  }
  pipeline.run(owners, "sadd", [keys.tenants, ...new Set(submissions.map(({ tenant }) => tenant))]);
  const deadlines = submissions.flatMap((submission) => {
    const deadline = queueDeadline(submission);
    return deadline === undefined ? [] : [deadline, submission.jobId];
  });
  if (deadlines.length > 0) pipeline.run(owners, "zadd", [keys.queueDeadlines, ...deadlines]);
}

/** Its log and its record. Returns the number of the command; when the job may be there, its reply is 1 for a new one. */
async function createJob(
  pipeline: Pipeline,
  submission: PreparedSubmission,
  { keys, retentionSeconds }: SubmissionDependencies,
): Promise<number> {
  const { jobId, event } = submission;
  const record = recordOf(submission, retentionSeconds);
  if (mayBeThere(submission)) {
    const fields = Object.entries(record).flat();
    return pipeline.run([submission], "millraceCreateJob", [
      keys.record(jobId),
      keys.log(jobId),
      event,
      ...fields,
    ]);
  }
  // Plain commands: the id is new, so there is nothing that a script would have to check.
  pipeline.run([submission], "rpush", [keys.log(jobId), event]);
  return await pipeline.add([submission], (bare) => bare.hset(keys.record(jobId), record));
}

async function complete(
  entrance: Entrance,
  written: Replies,
  second: Pipeline,
  dependencies: SubmissionDependencies,
): Promise<ReadonlySet<PreparedSubmission>> {
  const refused = await entrance.complete(written, second);
  for (const submission of entrance.submissions) {
    if (refused.has(submission) || written.ownErrorOf(submission)) continue;
    if (entrance.isAtOnce) markKey(second, submission);
    else close(second, submission, dependencies);
  }
  return refused;
}

/** Adds what comes last: the key is marked, and whoever follows the log is told. */
function close(
  pipeline: Pipeline,
  submission: PreparedSubmission,
  dependencies: SubmissionDependencies,
): void {
  markKey(pipeline, submission);
  tell(pipeline, submission, dependencies);
}

/** Only once Redis has taken the job: a key that is marked without one would never give one. */
function markKey(pipeline: Pipeline, submission: PreparedSubmission): void {
  const { mark } = submission;
  if (mark) pipeline.run([submission], "set", [mark.key, mark.value, "XX", "KEEPTTL"]);
}

/** Adds the message to whoever follows the log already. */
function tell(pipeline: Pipeline, submission: PreparedSubmission, { keys }: SubmissionDependencies): void {
  const { jobId, event, followed } = submission;
  if (followed) pipeline.run([submission], "publish", [keys.events(jobId), `1\n${event}`]);
}

/**
 * Takes it out of what lists it first: once the record is free, its id may be that of a newer submission. Returns the
 * number of the command whose reply is 0 when somebody has been told of the job meanwhile.
 */
function takeBack(
  pipeline: Pipeline,
  submission: PreparedSubmission,
  { keys }: SubmissionDependencies,
): number {
  const { jobId, tenant } = submission;
  pipeline.run([submission], "zrem", [keys.index(tenant), jobId]);
  pipeline.run([submission], "zrem", [keys.queueDeadlines, jobId]);
  return pipeline.run([submission], "millraceTakeBackJob", [keys.record(jobId), keys.log(jobId)]);
}

/**
 * Tells what became of those that were to be taken back. One that stays is listed again; others let go of their keys,
 * and their notes go last.
 */
async function settleRefused(
  takenBack: ReadonlyMap<PreparedSubmission, number>,
  completed: Replies,
  refused: Map<PreparedSubmission, Written>,
  dependencies: SubmissionDependencies,
): Promise<void> {
  const { keys, queues, admission } = dependencies;
  const third: Pipeline = new OwnedPipeline(() => queues.pipeline());
  for (const [submission, command] of takenBack) {
    if (completed.errorOf(submission)) continue;
    if (completed.reply(command) === 0) {
      refused.set(submission, "noted");
      list(third, [submission], [submission], dependencies);
      close(third, submission, dependencies);
      continue;
    }
    refused.set(submission, new QueueFullError(admission.maxQueuedOf(lineOf(submission), submission.limits)));
    const { mark, jobId, at } = submission;
    if (mark) third.run([submission], "millraceReleaseKey", [mark.key, jobId, mark.holder]);
    third.run([submission], "millraceSettleNote", [keys.submissions, jobId, at]);
  }
  // What is left over because Redis is away, the sweeper finds by the note.
  if (!third.isEmpty) await third.exec().catch(() => undefined);
}
