import {
  addUsage,
  NO_USAGE,
  toolJobCall,
  type Cancellation,
  type JobStep,
  type ToolJobRequest,
  type Usage,
} from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { QueuedEvent } from "../reading/queued-event.ts";
import { scanEvents } from "../reading/scan-events.ts";
import type { JobRecord } from "../record.ts";
import type { Answer } from "../redis/answer.ts";

export const NOTHING_RAN: Cancellation = { completed: [], stopped: [], ignored: [], model_stopped: false };

/** What a job has done, for the terminal event of one that ends without its executor's word. */
export interface WorkDone {
  cancellation: Cancellation;
  /** Of a chat job that has finished a turn. */
  usage?: Usage;
}

type Call = Cancellation["completed"][number];

type Step<Type extends JobStep["type"]> = Extract<JobStep, { type: Type }>;

/** What a step says of the work that was done, without what a call was given and what it answered. */
export type WorkStep =
  | Pick<Step<"turn.finished">, "type" | "usage">
  | Pick<Step<"tool.sampled">, "type" | "usage">
  | Pick<Step<"tool.called">, "type" | keyof Call>
  | Pick<Step<"tool.postponed">, "type" | keyof Call>
  | Pick<Step<"tool.returned">, "type" | keyof Call>
  | Pick<Step<"job.reopened">, "type" | "from">;

const CALL = ["tool_call_id", "tool"] as const;
const WANTED = {
  "turn.finished": ["usage"],
  "tool.sampled": ["usage"],
  "tool.called": CALL,
  "tool.postponed": CALL,
  "tool.returned": CALL,
  "job.reopened": ["from"],
} as const;

/**
 * What the runs of a chat job have done so far, since it was last begun from its start. Holds none of its calls' results,
 * which may be large. `answer` is asked for each part of the log.
 */
export async function readChatWork(redis: Redis, log: string, answer: Answer): Promise<WorkDone> {
  const steps: WorkStep[] = [];
  for await (const step of scanEvents<WorkStep>(redis, log, { wanted: WANTED, answer })) {
    if (step.type === "job.reopened" && step.from === "start") steps.length = 0;
    else steps.push(step);
  }
  return workDone(steps);
}

/** What a job has done that no worker runs: it waits, or its workers have died. */
export async function readWork(
  redis: Redis,
  log: string,
  record: JobRecord,
  answer: Answer,
): Promise<WorkDone> {
  if (record.type === "chat") return await readChatWork(redis, log, answer);
  const { status, run, idleRun } = record;
  // A reopened job counts its runs anew, and one that waits for its approval has made no call.
  if (run === 0 || run === idleRun || status === "parked") return { cancellation: NOTHING_RAN };
  const first = await answer(() => redis.lindex(log, 0));
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
export function workDone(steps: readonly WorkStep[]): WorkDone {
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
