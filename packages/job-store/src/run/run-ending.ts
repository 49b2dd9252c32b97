import { systemClock } from "../clock.ts";
import type { RunEnding } from "./job-execution.ts";
import type { JobRun } from "./job-run.ts";
import { CancelRequestedError } from "./run-writer.ts";
import { NOTHING_RAN, openCall, type WorkDone } from "./work-done.ts";

/** A run whose job waits for a while, in BullMQ's delayed set. */
export interface WaitingRun {
  run: JobRun;
  /** Milliseconds since 1970, on this machine's clock: BullMQ's goes by that. */
  until: number;
  /** The status of its record, until somebody does something to the job. */
  status: "parked" | "queued";
  forApproval: boolean;
}

/**
 * What remains to be done with the queue's entry. `taken_over`: nothing, another run has the job. Null: nothing, the job has
 * ended, or is gone.
 */
export type LeftRun = WaitingRun | "handed_over" | "taken_over" | null;

/** Null when the job has ended. */
export function waitingRun(run: JobRun, ending: RunEnding): WaitingRun | null {
  if (ending.status === "parked") {
    return { run, until: ending.until, status: "parked", forApproval: ending.reason === "approval" };
  }
  if (ending.status !== "retrying") return null;
  return { run, until: Math.ceil(systemClock.now() + ending.delayMs), status: "queued", forApproval: false };
}

/** Writes how a run ended. The record decides: a job whose cancel was requested meanwhile is cancelled. */
export async function writeEnding(run: JobRun, ending: RunEnding): Promise<RunEnding> {
  try {
    if (ending.status === "parked") await run.park(ending.reason, ending.until, ending.leftMs);
    else if (ending.status === "retrying")
      await run.retry(ending.delayMs, ending.error, hasBegunNothing(ending));
    else await run.finish(ending);
    return ending;
  } catch (error) {
    if (!(error instanceof CancelRequestedError)) throw error;
    const cancelled = { status: "cancelled", ...(await workOf(run, ending)) } as const;
    await run.finish(cancelled);
    return cancelled;
  }
}

/** What a run has done whose own ending does not count. */
async function workOf(run: JobRun, ending: RunEnding): Promise<WorkDone> {
  const { request } = run.claimed;
  if (request.type === "chat") return await run.readChatWork();
  if (ending.status === "parked") return { cancellation: NOTHING_RAN };
  return { cancellation: ending.cancellation ?? openCall(request) };
}

function hasBegunNothing({ cancellation }: Exclude<RunEnding, { status: "parked" }>): boolean {
  if (!cancellation) return false;
  const { completed, stopped, ignored } = cancellation;
  return completed.length + stopped.length + ignored.length === 0;
}
