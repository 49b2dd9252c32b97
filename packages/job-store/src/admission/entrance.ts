import type { OwnedPipeline, OwnedReplies } from "../redis/owned-pipeline.ts";
import { entryId } from "../queue-entry.ts";
import type { EnterReply } from "../scripts.ts";
import {
  travellingRequest,
  type PreparedSubmission,
  type SubmissionDependencies,
} from "../submission/submission.ts";
import { placedJobs, priorityOf, type EnterMode, type PlacedJob } from "./admission.ts";
import type { LineName } from "./line-name.ts";
import { queuePriority } from "./place.ts";

type Pipeline = OwnedPipeline<PreparedSubmission>;

/** New jobs of one key and kind that come in together. */
export class Entrance {
  readonly submissions: readonly PreparedSubmission[];
  readonly #line: LineName;
  readonly #mode: EnterMode;
  /** The place of the first of them, when they are admitted at once. */
  readonly #place: number;
  /** The priority of all of them; -1 when they differ. */
  readonly #priority: number;
  readonly #dependencies: SubmissionDependencies;
  #command = -1;
  #moved: readonly PlacedJob[] = [];

  constructor(
    line: LineName,
    submissions: readonly PreparedSubmission[],
    isLater: boolean,
    dependencies: SubmissionDependencies,
  ) {
    this.submissions = submissions;
    this.#line = line;
    this.#dependencies = dependencies;
    const priorities = new Set(submissions.map(({ request }) => priorityOf(request)));
    this.#priority = priorities.size === 1 ? ([...priorities][0] ?? -1) : -1;
    const place = isLater ? null : this.#placeAtOnce();
    this.#place = place ?? 0;
    this.#mode = isLater ? "later" : place === null ? "wait" : "now";
  }

  /** Everything that has to be done is in the first pipeline. */
  get isAtOnce(): boolean {
    return this.#mode === "now";
  }

  /** Adds to the first pipeline what comes after the records: the line, and BullMQ where it need not be asked first. */
  async enter(pipeline: Pipeline): Promise<void> {
    const { admission, queues } = this.#dependencies;
    const parameters = admission.enterParameters(
      this.#line,
      this.#mode,
      this.submissions.map((submission) => ({
        entry: { jobId: submission.jobId, generation: 0 },
        priority: priorityOf(submission.request),
        gate: submission.gate,
      })),
      // Those of the newest: they are all of one key.
      { bounded: true, remembered: this.submissions.at(-1)?.limits },
    );
    this.#command = pipeline.run(this.submissions, "millraceEnter", parameters);
    if (!this.isAtOnce) return;
    const weight = admission.weightOf(this.#line);
    for (const [index, submission] of this.submissions.entries()) {
      const place = Math.floor((this.#place + index) / weight);
      const job = {
        ...this.#line,
        entry: { jobId: submission.jobId, generation: 0 },
        priority: queuePriority(place),
        request: travellingRequest(submission),
      };
      await pipeline.add([submission], (bare) => queues.add(bare, job));
    }
  }

  /**
   * Adds to a second pipeline what the line has let in. Returns the submissions that the key's cap refuses.
   */
  async complete(
    replies: OwnedReplies<PreparedSubmission>,
    pipeline: Pipeline,
  ): Promise<ReadonlySet<PreparedSubmission>> {
    const reply = replies.reply(this.#command) as EnterReply;
    const [refusedIds, before, priority, waiting, later, fed, moved] = reply;
    this.#moved = placedJobs(moved);
    const { standings } = this.#dependencies;
    const count = this.isAtOnce ? this.submissions.length : fed.length / 3;
    const entered = { count, priority: this.#priority };
    if (this.#mode !== "later")
      standings.of(this.#line).heard({ before, priority, waiting, later }, entered, performance.now());
    const refused = new Set(this.submissions.filter(({ jobId }) => refusedIds.includes(jobId)));
    if (this.#mode === "later") {
      for (const submission of this.submissions) {
        // One that may not be there whole is the sweeper's.
        if (refused.has(submission) || replies.ownErrorOf(submission)) continue;
        await this.#addDue(pipeline, submission);
      }
    } else {
      await this.#addFed(pipeline, placedJobs(fed));
    }
    return refused;
  }

  /** Comes last: jobs of the key that go after these stand behind them. */
  async reorder(): Promise<void> {
    await this.#dependencies.admission.move(this.#line, this.#moved);
  }

  #placeAtOnce(): number | null {
    const { admission, standings } = this.#dependencies;
    if (this.#priority < 0 || this.submissions.some(({ gate }) => gate !== undefined)) return null;
    if (admission.mustAsk(this.#line)) return null;
    return standings.of(this.#line).place(this.submissions.length, this.#priority, {
      size: admission.windowOf(this.#line),
      maxQueued: admission.maxQueuedOf(this.#line),
      now: performance.now(),
    });
  }

  /** Some may be jobs of others, who then have been waiting in line. */
  async #addFed(pipeline: Pipeline, fed: readonly PlacedJob[]): Promise<void> {
    const { queues } = this.#dependencies;
    const own = new Map(this.submissions.map((submission) => [submission.jobId, submission]));
    for (const job of fed) {
      const submission = own.get(entryId(job.entry));
      const request = submission && travellingRequest(submission);
      await pipeline.add(submission ? [submission] : [], (bare) =>
        queues.add(bare, { ...this.#line, ...job, request }),
      );
    }
  }

  async #addDue(pipeline: Pipeline, submission: PreparedSubmission): Promise<void> {
    const { queues } = this.#dependencies;
    const { jobId, request } = submission;
    const job = {
      ...this.#line,
      entry: { jobId, generation: 0 },
      priority: priorityOf(request),
      delayMs: request.delay_ms ?? 0,
    };
    await pipeline.add([submission], (bare) => queues.addDue(bare, job));
  }
}

/** Puts submissions together that come in together: by key and kind, and delayed ones apart. */
export function entrancesOf(
  submissions: readonly PreparedSubmission[],
  dependencies: SubmissionDependencies,
): Entrance[] {
  const groups = Map.groupBy(submissions, ({ tenant, request }) => {
    const isLater = (request.delay_ms ?? 0) > 0;
    return `${request.type} ${isLater ? "later" : "now"} ${tenant}`;
  });
  return [...groups.values()].map((group) => {
    const [{ tenant, request }] = group as [PreparedSubmission, ...PreparedSubmission[]];
    const isLater = (request.delay_ms ?? 0) > 0;
    return new Entrance({ tenant, type: request.type }, group, isLater, dependencies);
  });
}
