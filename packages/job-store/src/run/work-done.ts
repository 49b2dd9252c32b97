import {
  addUsage,
  currentSteps,
  NO_USAGE,
  toolJobCall,
  type Cancellation,
  type JobStep,
  type ToolJobRequest,
  type Usage,
} from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { QueuedEvent } from "../reading/job-view.ts";
import { storedEvents } from "../reading/stored-events.ts";
import type { JobRecord } from "../record.ts";

export const NOTHING_RAN: Cancellation = { completed: [], stopped: [], ignored: [], model_stopped: false };

/** What a job has done, for the terminal event of one that ends without its executor's word. */
export interface WorkDone {
  cancellation: Cancellation;
  /** Of a chat job that has finished a turn. */
  usage?: Usage;
}

type Call = Cancellation["completed"][number];

/** All that the runs of a job have written so far, since it was last begun from its start. */
export async function readSteps(redis: Redis, log: string): Promise<JobStep[]> {
  const steps: JobStep[] = [];
  for await (const event of storedEvents(redis, log, 1)) steps.push(JSON.parse(event) as JobStep);
  return [...currentSteps(steps)];
}

/** What a job has done that no worker runs: it waits, or its workers have died. */
export async function readWork(redis: Redis, log: string, record: JobRecord): Promise<WorkDone> {
  if (record.type === "chat") return workDone(await readSteps(redis, log));
  const { status, run, idleRun } = record;
  // A reopened job counts its runs anew, and one that waits for its approval has made no call.
  if (run === 0 || run === idleRun || status === "parked") return { cancellation: NOTHING_RAN };
  const first = await redis.lindex(log, 0);
  const request = first === null ? null : (JSON.parse(first) as QueuedEvent).request;
  return { cancellation: request?.type === "tool" ? openCall(request) : NOTHING_RAN };
}

/** A tool job writes no step that tells of its call, so nobody has proof that one which may have begun has stopped. */
export function openCall(request: ToolJobRequest): Cancellation {
  return { ...NOTHING_RAN, ignored: [toolJobCall(request)] };
}

/**
 * What the steps say, oldest first, when nothing is under way here: the calls that have run, and what the turns took. A
 * call that was begun and has not returned is `ignored`: nobody has proof that it has stopped.
 */
export function workDone(steps: readonly JobStep[]): WorkDone {
  const open = new Map<string, Call>();
  const completed: Call[] = [];
  let usage: Usage | null = null;
  for (const step of steps) {
    if (step.type === "turn.finished" || step.type === "tool.sampled") {
      usage = addUsage(usage ?? NO_USAGE, step.usage);
      if (step.type === "turn.finished") usage.turns += 1;
    }
    if (step.type === "tool.called") open.set(step.tool_call_id, callOf(step));
    if (step.type === "tool.postponed") open.delete(step.tool_call_id);
    if (step.type === "tool.returned" && open.delete(step.tool_call_id)) completed.push(callOf(step));
  }
  return {
    cancellation: { ...NOTHING_RAN, completed, ignored: [...open.values()] },
    ...(usage ? { usage: { ...usage, tool_calls: completed.length + open.size } } : {}),
  };
}

function callOf({ tool_call_id, tool }: Call): Call {
  return { tool_call_id, tool };
}
