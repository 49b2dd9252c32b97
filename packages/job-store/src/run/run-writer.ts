import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import { untilStored } from "../redis/answer.ts";

/** Events up to this size travel with the wake-up; larger ones are read from the log. In bytes. */
export const PUBLISH_BYTES_MAX = 16 * 1_024;

/** One start of a job: the fence that every write carries. See {@link JobRecord}. */
export interface RunFence {
  jobId: string;
  generation: number;
  run: number;
  workerId: string;
}

/** Another run has taken this job over, or it has ended: nothing that this run writes is accepted any more. */
export class RunRefusedError extends Error {
  override name = "RunRefusedError";
  /** Another run holds the job, and tells what becomes of it. */
  readonly isTakenOver: boolean;

  constructor(jobId: string, code: number) {
    super(`Run of ${jobId} refused: ${REFUSALS[code] ?? `code ${code}`}`);
    this.isTakenOver = code === TAKEN_OVER;
  }
}

/** The job's cancel has been requested, so it cannot end or park as this run wanted. */
export class CancelRequestedError extends Error {
  override name = "CancelRequestedError";
}

/** A call's approval has been decided since this run read the log. The job goes on, but with another run. */
export class DecidedBeforeError extends Error {
  override name = "DecidedBeforeError";
}

const OVER = -2;
const TAKEN_OVER = -3;
const REFUSALS: Record<number, string> = {
  [-1]: "the job is gone",
  [OVER]: "the job has ended, or this run has parked it",
  [TAKEN_OVER]: "a newer run has taken it over",
};
const CANCEL_REQUESTED = -4;
const DECIDED_BEFORE = -5;

/** See `scripts/step.lua`. */
export type StepKind = "go" | "park" | "retry" | "end" | "cancel";

/** Record fields to set; no value over 64 bytes. */
export type StepFields = Readonly<Record<string, string | number>>;

interface PendingWrite extends PromiseWithResolvers<void> {
  events: string[];
  fields: StepFields;
}

export interface RunWriterDependencies {
  redis: Redis;
  keys: Keys;
}

/**
 * Writes the steps of one run in the order of the calls, one round trip at a time: what comes during one goes out
 * together in the next. Nothing comes after the step that parks or ends the job. After the first refusal everything is
 * refused, unless only an approval came too late: then the job is still this run's, to be given back.
 */
export class RunWriter {
  readonly #fence: RunFence;
  readonly #dependencies: RunWriterDependencies;
  #sequence = 0;
  #waiting: PendingWrite | null = null;
  #writing: Promise<void> | null = null;
  #refused: unknown = null;
  /** The step that parks or ends the job has been asked for. */
  #isClosed = false;

  constructor(fence: RunFence, dependencies: RunWriterDependencies) {
    this.#fence = fence;
    this.#dependencies = dependencies;
  }

  /** Appends events and sets fields; resolves once they are stored. */
  write(events: readonly string[], fields: StepFields = {}): Promise<void> {
    if (this.#isClosed) return this.#refuseLate();
    this.#waiting ??= { ...Promise.withResolvers<void>(), events: [], fields: {} };
    const write = this.#waiting;
    write.events.push(...events);
    write.fields = { ...write.fields, ...fields };
    this.#writing ??= this.#writeAll();
    return write.promise;
  }

  /** Parks or ends the job, after everything that has been written before. */
  async close(kind: Exclude<StepKind, "go">, event: string, fields: StepFields): Promise<void> {
    this.#isClosed = true;
    while (this.#writing) await this.#writing;
    await this.#step(kind, [event], fields);
  }

  /** Stored while the last step is repeated, it would make that look as if it had been written. */
  #refuseLate(): Promise<void> {
    const refusal = Promise.reject<void>(new RunRefusedError(this.#fence.jobId, OVER));
    refusal.catch(() => undefined);
    return refusal;
  }

  /** Never rejects: each write hears for itself. Nor does it end before `#writing` is set: it awaits at least once. */
  async #writeAll(): Promise<void> {
    for (let write = this.#waiting; write; write = this.#waiting) {
      this.#waiting = null;
      // Who does not wait for a write learns of its failure from the run's signal.
      write.promise.catch(() => undefined);
      try {
        await this.#step("go", write.events, write.fields);
        write.resolve();
      } catch (error) {
        if (!(error instanceof DecidedBeforeError)) this.#refused = error;
        write.reject(error);
      }
    }
    this.#writing = null;
  }

  async #step(kind: StepKind, events: readonly string[], fields: StepFields): Promise<void> {
    if (this.#refused) throw this.#refused;
    const { redis, keys } = this.#dependencies;
    const { jobId, generation, run, workerId } = this.#fence;
    this.#sequence += 1;
    const sequence = this.#sequence;
    const pairs = Object.entries(fields).flat();
    const reply = await untilStored(() =>
      redis.millraceStep(
        keys.record(jobId),
        keys.log(jobId),
        keys.events(jobId),
        generation,
        run,
        workerId,
        sequence,
        kind,
        PUBLISH_BYTES_MAX,
        pairs.length,
        ...pairs,
        jobId,
        ...events,
      ),
    );
    if (reply === CANCEL_REQUESTED) throw new CancelRequestedError();
    if (reply === DECIDED_BEFORE) throw new DecidedBeforeError();
    if (reply < 0) throw new RunRefusedError(jobId, reply);
  }
}
