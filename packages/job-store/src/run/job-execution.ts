import {
  jobError,
  jobTimeoutMs,
  type Cancellation,
  type ConversationMessage,
  type JobError,
  type JobRequest,
  type JobStep,
  type ParkReason,
  type ToolAccess,
  type Usage,
} from "@millrace/contracts";
import { nextAttemptMs } from "./attempts.ts";
import { systemClock } from "../clock.ts";
import { HeldRun } from "./held-run.ts";
import { HandedOver, JobCancelled, JobTimeout, RunAbandoned } from "./abort-reasons.ts";
import type { JobRun } from "./job-run.ts";
import type { JobOutcome } from "../reading/terminal-event.ts";
import type { Logger } from "../logger.ts";
import type { OpenClaims } from "./open-claims.ts";
import { RunTimer } from "./run-timer.ts";
import { DecidedBeforeError, RunRefusedError } from "./run-writer.ts";
import { NOTHING_RAN } from "./work-done.ts";

/**
 * What an executor is given. `signal` aborts at the deadline, when the job is cancelled, when it is lost, and at
 * shutdown.
 */
export interface JobExecution {
  jobId: string;
  request: JobRequest;
  /** The conversation that `previous_job_id` named. */
  previous: readonly ConversationMessage[];
  /** The servers and tools that the job's key may use; null: all. */
  toolAccess: ToolAccess | null;
  /** W3C trace context of the request that submitted the job, for its tool calls. */
  traceparent: string | null;
  attempt: number;
  /** An earlier start was cut off, and may have begun a side effect of which the log says nothing. */
  isUnknown: boolean;
  signal: AbortSignal;
  /** Aborts when the worker begins to shut down: who comes to the end of a step from then on answers `yielded`. */
  draining: AbortSignal;
  /**
   * The side effect of the job cannot begin now, because its server is away, or has no place free. While it waits for
   * a place its time stands still.
   */
  waiting: (reason: "server" | "place") => void;
  /** The side effect can begin, once this has resolved. Rejects when this start no longer holds the job. */
  running: () => Promise<void>;
  /** The side effect has begun, and its answer was lost: that is known although it may have to wait once more. */
  lostAnswer: () => void;
  /** What earlier starts of this job have written, oldest first. */
  readPast: () => Promise<JobStep[]>;
  /**
   * Appends events to the job's log, in the order of the calls; resolves once they are stored. When this start no
   * longer holds the job it rejects and `signal` aborts.
   */
  write: (steps: readonly JobStep[]) => Promise<void>;
}

/** `stopped` answers an abort of the signal, and tells what was under way. */
export type ExecutionResult =
  | (Exclude<JobOutcome, { status: "cancelled" }> & Repetition)
  | {
      status: "parked";
      reason: ParkReason;
      /** Milliseconds since 1970, on this machine's clock. */
      until: number;
    }
  /** Answers `draining`: nothing is under way, and the rest is another worker's to do. */
  | { status: "yielded" }
  | ({
      status: "stopped";
      usage?: Usage;
      cancellation: Cancellation;
      /** No side effect has begun, so the next start need not wonder. */
      isIdle?: boolean;
    } & Repetition);

interface Repetition {
  /** A side effect may have happened that must not happen twice: there is no further attempt by itself. */
  mustNotRepeat?: boolean;
  /** Of a tool job: what is told of its call should the job be cancelled before this can be written. */
  cancellation?: Cancellation;
}

/** Does the work. Expected failures are outcomes; a rejection is a bug, or follows from the signal. */
export type Execute = (execution: JobExecution) => Promise<ExecutionResult>;

/** How a run ends: its job does, or waits for something. */
export type RunEnding =
  | (JobOutcome & Pick<Repetition, "cancellation">)
  | ({ status: "retrying"; error: JobError; delayMs: number } & Pick<Repetition, "cancellation">)
  | { status: "parked"; reason: ParkReason; until: number; /** Of the job's own time. */ leftMs: number };

interface ExecutionEnvironment {
  execute: Execute;
  logger: Logger;
  draining: AbortSignal;
  claims: OpenClaims;
}

/**
 * Executes a claimed run under its deadline.
 * @throws HandedOver when another worker is to go on with the job.
 * @throws RunAbandoned, RunRefusedError when the job is not this run's to end.
 */
export async function executeRun(
  run: JobRun,
  controller: AbortController,
  { execute, logger, draining, claims }: ExecutionEnvironment,
): Promise<RunEnding> {
  const { signal } = controller;
  const { remainingMs, cancelRequested } = run.claimed;
  const timer = new RunTimer(remainingMs, () => controller.abort(new JobTimeout()));
  if (cancelRequested) controller.abort(new JobCancelled());
  if (remainingMs <= 0) controller.abort(new JobTimeout());
  using held = new HeldRun(run, { controller, timer, draining, claims });
  try {
    const result = await execute(executionOf(run, controller, held, draining));
    if (result.status === "yielded") {
      await run.giveBack(true);
      throw new HandedOver();
    }
    if (result.status === "parked") return parkedEnding(result, timer.leftMs);
    const outcome = result.status === "stopped" ? await stoppedOutcome(run, signal.reason, result) : result;
    const ending = result.mustNotRepeat ? outcome : againOrEnd(run, outcome);
    return result.cancellation ? { ...ending, cancellation: result.cancellation } : ending;
  } catch (error) {
    if (error instanceof HandedOver) throw error;
    if (signal.aborted) return await stoppedOutcome(run, signal.reason, { cancellation: NOTHING_RAN });
    logger.error({ job_id: run.fence.jobId, err: error }, "Bug: a job's execution threw");
    return failed(jobError("internal_error", "Millrace failed to run this job."));
  } finally {
    timer.stop();
  }
}

/** A job that may try again does so instead of failing. */
function againOrEnd(
  { claimed, tries }: JobRun,
  outcome: JobOutcome,
): Exclude<RunEnding, { status: "parked" }> {
  const delayMs = nextAttemptMs(claimed.request, outcome, tries, Math.random());
  if (delayMs === null || outcome.status !== "failed") return outcome;
  return { status: "retrying", error: outcome.error, delayMs };
}

/** A job whose time goes on while it is parked, or is over already, comes back for its end when it is over. */
function parkedEnding(
  { status, reason, until }: Extract<ExecutionResult, { status: "parked" }>,
  leftMs: number,
): RunEnding {
  const standsStill = reason === "approval" && leftMs > 0;
  return {
    status,
    reason,
    until: Math.ceil(standsStill ? until : Math.min(until, systemClock.now() + leftMs)),
    leftMs,
  };
}

function executionOf(
  run: JobRun,
  controller: AbortController,
  held: HeldRun,
  draining: AbortSignal,
): JobExecution {
  const lose = (error: unknown): void => controller.abort(error);
  const { request, previous, toolAccess, traceparent, attempt, isUnknown } = run.claimed;
  return {
    jobId: run.fence.jobId,
    request,
    previous,
    toolAccess,
    traceparent,
    attempt,
    isUnknown,
    signal: controller.signal,
    draining,
    waiting: (reason) => held.hold(reason),
    running: () => held.release(),
    lostAnswer: () => run.lostAnswer(),
    readPast: () => run.readPast(),
    write: (steps) => {
      const written = run.write(steps);
      written.catch(lose);
      return written;
    },
  };
}

/** What an abort means for the job depends on why it was aborted. */
async function stoppedOutcome(
  run: JobRun,
  reason: unknown,
  { cancellation, isIdle = false, ...usage }: { cancellation: Cancellation; usage?: Usage; isIdle?: boolean },
): Promise<JobOutcome> {
  if (reason instanceof JobCancelled) return { status: "cancelled", cancellation, ...pickUsage(usage) };
  if (reason instanceof JobTimeout) return { ...failed(timeoutError(run)), ...pickUsage(usage) };
  const isGivenBack = reason instanceof RunAbandoned || reason instanceof DecidedBeforeError;
  if (isGivenBack) await run.giveBack(isIdle);
  if (isGivenBack || reason instanceof RunRefusedError) throw reason;
  throw new Error("A run was aborted for a reason that is not known", { cause: reason });
}

function pickUsage({ usage }: { usage?: Usage }): { usage?: Usage } {
  return usage ? { usage } : {};
}

function failed(error: JobError): Extract<JobOutcome, { status: "failed" }> {
  return { status: "failed", error, result: null };
}

function timeoutError({ claimed }: JobRun): JobError {
  const limit = jobTimeoutMs(claimed.request);
  return jobError("timeout", `The job did not end within ${limit} ms. Give it a longer timeout_ms.`);
}
