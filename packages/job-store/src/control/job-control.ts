import { isTerminal, type ApprovalRequest, type Job } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Departures } from "../admission/departures.ts";
import type { Clock } from "../clock.ts";
import { endWaitingJob } from "./end-waiting-job.ts";
import type { JobQueues } from "../job-queues.ts";
import { readConversation, type Conversation } from "../reading/conversation.ts";
import { jobView } from "../reading/job-view.ts";
import type { JobOutcome } from "../reading/terminal-event.ts";
import type { QueuedEvent } from "../reading/queued-event.ts";
import { readJob, type JobReading } from "../reading/read-job.ts";
import type { Keys } from "../keys.ts";
import { approvalTool } from "./approval-tool.ts";
import { approvalField, type JobRecord } from "../record.ts";
import { forgetDeadline, takeOut } from "./queue-timeouts.ts";
import { PUBLISH_BYTES_MAX } from "../run/run-writer.ts";
import type { Answer } from "../redis/answer.ts";
import type { Viewer } from "../reading/viewer.ts";
import { NOTHING_RAN, readWork, type WorkDone } from "../run/work-done.ts";

export interface JobControlDependencies {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  departures: Departures;
  clock: Clock;
  /** Asked for each step of what a client wants: those that read a long log are many. */
  answer: Answer;
  /** The same for what may be large. */
  read: Answer;
}

/** `unknown`: the job has no such call. `before`: it has been decided. `expired`, `ended`: it is too late. */
export type ApprovalAnswer = "decided" | "unknown" | "before" | "expired" | "ended";

/** What clients may do to a job that they have submitted. Null always means: the viewer has no such job. */
export class JobControl {
  readonly #dependencies: JobControlDependencies;

  constructor(dependencies: JobControlDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Ends a job that waits, and asks whoever runs one to stop it. Returns the job as it is then, and whether there was
   * anything to stop.
   */
  async cancel(viewer: Viewer, jobId: string): Promise<{ job: Job; requested: boolean } | null> {
    const { redis, keys, answer } = this.#dependencies;
    for (;;) {
      const reading = await this.#read(viewer, jobId);
      if (!reading) return null;
      const { record } = reading;
      if (isTerminal(record.status)) return { job: jobView(jobId, reading), requested: false };
      if (record.status === "running") {
        const status = await answer(() =>
          redis.millraceRequestCancel(keys.record(jobId), keys.log(jobId), keys.control, jobId),
        );
        if (status === "running") return { job: jobView(jobId, reading), requested: true };
      } else {
        const outcome: JobOutcome = { status: "cancelled", ...(await this.#done(jobId, record)) };
        if (!(await answer(() => this.#end(jobId, record, outcome)))) continue;
        const after = await this.#read(viewer, jobId);
        return after && { job: jobView(jobId, after), requested: true };
      }
    }
  }

  /**
   * Decides a call that waits for its approval; the last one lets its job go on. `check` is told the tool first, and
   * keeps the decision from being taken by throwing.
   */
  async decideApproval(
    viewer: Viewer,
    jobId: string,
    toolCallId: string,
    request: ApprovalRequest,
    check: (tool: string) => Promise<void> | void = () => undefined,
  ): Promise<ApprovalAnswer | null> {
    const { answer, queues } = this.#dependencies;
    const reading = await this.#read(viewer, jobId);
    if (!reading) return null;
    const { record } = reading;
    const tool = await approvalTool(jobId, toolCallId, this.#dependencies);
    if (tool === null) return "unknown";
    await check(tool);
    return await answer(async () => {
      const [outcome, isDue] = await this.#decide(jobId, record, { toolCallId, tool }, request);
      if (outcome === "missing") return null;
      // Also when it was decided before: the api that did may have died before it woke the job.
      if (isDue === 1) await queues.wake(record.type, { jobId, generation: record.generation });
      return outcome;
    });
  }

  /**
   * The conversation of a chat job that has ended; `not_usable` of one that has not, and of a tool job, `too_large` when
   * it has more than `maxBytes` as JSON.
   */
  async conversation(
    viewer: Viewer,
    jobId: string,
    { maxBytes }: { maxBytes: number },
  ): Promise<Conversation | "not_usable" | "too_large" | null> {
    const { redis, keys, read } = this.#dependencies;
    const reading = await this.#read(viewer, jobId);
    if (!reading) return null;
    const { request, previous = [] } = JSON.parse(reading.first) as QueuedEvent;
    if (request.type !== "chat" || !isTerminal(reading.record.status)) return "not_usable";
    return await readConversation(keys.log(jobId), { request, previous }, { redis, answer: read, maxBytes });
  }

  #read(viewer: Viewer, jobId: string): Promise<JobReading | null> {
    return this.#dependencies.read(() => readJob(this.#dependencies, viewer, jobId));
  }

  /** False when the job is not what its record says any more. */
  async #end(jobId: string, record: JobRecord, outcome: JobOutcome): Promise<boolean> {
    if ((await endWaitingJob(jobId, record, outcome, this.#dependencies)) !== "ended") return false;
    await takeOut(jobId, record, this.#dependencies);
    if (record.queueDeadline !== null) await forgetDeadline(jobId, record.queueDeadline, this.#dependencies);
    return true;
  }

  #decide(
    jobId: string,
    { attempt }: JobRecord,
    { toolCallId, tool }: { toolCallId: string; tool: string },
    { decision, reason, arguments: changed }: ApprovalRequest,
  ): ReturnType<Redis["millraceDecideApproval"]> {
    const { redis, keys, clock } = this.#dependencies;
    const event = {
      type: "approval.resolved",
      time: new Date(clock.now()).toISOString(),
      attempt,
      tool_call_id: toolCallId,
      tool,
      decision,
      reason: reason ?? null,
      arguments: changed ?? null,
    };
    return redis.millraceDecideApproval(
      keys.record(jobId),
      keys.log(jobId),
      keys.events(jobId),
      approvalField(toolCallId),
      decision,
      PUBLISH_BYTES_MAX,
      JSON.stringify(event),
    );
  }

  /** What the runs of a waiting job have done. It writes no steps, so this stays true until it is claimed. */
  async #done(jobId: string, record: JobRecord): Promise<WorkDone> {
    if (record.status === "queued" && record.attempt === 1) return { cancellation: NOTHING_RAN };
    const { redis, keys, answer } = this.#dependencies;
    return await readWork(redis, keys.log(jobId), record, answer);
  }
}
