import { isTerminal, type ApprovalRequest, type Job, type JobStep } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Departures } from "../admission/departures.ts";
import type { Clock } from "../clock.ts";
import { endWaitingJob } from "./end-waiting-job.ts";
import { isJobId } from "../job-id.ts";
import type { JobQueues } from "../job-queues.ts";
import { readConversation, type Conversation } from "../reading/conversation.ts";
import { jobView, type QueuedEvent } from "../reading/job-view.ts";
import { readJob } from "../reading/read-job.ts";
import { eventType } from "../reading/event-log.ts";
import { storedEvents } from "../reading/stored-events.ts";
import type { Keys } from "../keys.ts";
import { approvalField, type JobRecord } from "../record.ts";
import { forgetDeadline, takeOut } from "./queue-timeouts.ts";
import { PUBLISH_BYTES_MAX } from "../run/run-writer.ts";
import type { Answer } from "../redis/unavailable.ts";
import type { Viewer } from "../reading/viewer.ts";
import { NOTHING_RAN, readWork, type WorkDone } from "../run/work-done.ts";

export interface JobControlDependencies {
  redis: Redis;
  keys: Keys;
  queues: JobQueues;
  departures: Departures;
  clock: Clock;
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
    const { redis, keys } = this.#dependencies;
    for (;;) {
      const reading = await readJob(this.#dependencies, viewer, jobId);
      if (!reading) return null;
      const { record, first, last } = reading;
      if (isTerminal(record.status)) return { job: jobView(jobId, record, first, last), requested: false };
      if (record.status === "running") {
        const status = await redis.millraceRequestCancel(
          keys.record(jobId),
          keys.log(jobId),
          keys.control,
          jobId,
        );
        if (status === "running") return { job: jobView(jobId, record, first, last), requested: true };
      } else {
        const outcome = { status: "cancelled", ...(await this.#done(jobId, record)) } as const;
        if ((await endWaitingJob(jobId, record, outcome, this.#dependencies)) !== "ended") continue;
        await takeOut(jobId, record, this.#dependencies);
        if (record.queueDeadline !== null)
          await forgetDeadline(jobId, record.queueDeadline, this.#dependencies);
        const after = await readJob(this.#dependencies, viewer, jobId);
        return after && { job: jobView(jobId, after.record, after.first, after.last), requested: true };
      }
    }
  }

  /** Decides a call that waits for its approval; the last one lets its job go on. */
  async decideApproval(
    viewer: Viewer,
    jobId: string,
    toolCallId: string,
    { decision, reason, arguments: changed }: ApprovalRequest,
  ): Promise<ApprovalAnswer | null> {
    const { redis, keys, queues, clock } = this.#dependencies;
    const reading = await readJob(this.#dependencies, viewer, jobId);
    if (!reading) return null;
    const { record } = reading;
    const call = await this.approvalCall(jobId, toolCallId);
    if (!call) return "unknown";
    const event = {
      type: "approval.resolved",
      time: new Date(clock.now()).toISOString(),
      attempt: record.attempt,
      tool_call_id: toolCallId,
      tool: call.tool,
      decision,
      reason: reason ?? null,
      arguments: changed ?? null,
    };
    const [answer, isDue] = await redis.millraceDecideApproval(
      keys.record(jobId),
      keys.log(jobId),
      keys.events(jobId),
      approvalField(toolCallId),
      decision,
      PUBLISH_BYTES_MAX,
      JSON.stringify(event),
    );
    if (answer === "missing") return null;
    // Also when it was decided before: who decided then may not have come to this.
    if (isDue === 1) await queues.wake(record.type, { jobId, generation: record.generation });
    return answer;
  }

  /** The call that an approval is asked for; null when there is none of this id. The caller has checked the tenant. */
  async approvalCall(jobId: string, toolCallId: string): Promise<{ tool: string } | null> {
    if (!isJobId(jobId)) return null;
    const { redis, keys } = this.#dependencies;
    const isKnown = await redis.hexists(keys.record(jobId), approvalField(toolCallId));
    if (isKnown === 0) return null;
    for await (const event of storedEvents(redis, keys.log(jobId), 1)) {
      if (eventType(event) !== "approval.requested") continue;
      const step = JSON.parse(event) as JobStep;
      if (step.type === "approval.requested" && step.tool_call_id === toolCallId) return { tool: step.tool };
    }
    return null;
  }

  /**
   * The conversation of a chat job that has ended; `not_usable` of one that has not, and of a tool job, `too_large` when
   * it has more than `maxBytes` as JSON. `answer` is asked for each page of the log: there may be many.
   */
  async conversation(
    viewer: Viewer,
    jobId: string,
    { maxBytes, answer }: { maxBytes: number; answer: Answer },
  ): Promise<Conversation | "not_usable" | "too_large" | null> {
    const { redis, keys } = this.#dependencies;
    const reading = await answer(() => readJob(this.#dependencies, viewer, jobId));
    if (!reading) return null;
    const { request, previous = [] } = JSON.parse(reading.first) as QueuedEvent;
    if (request.type !== "chat" || !isTerminal(reading.record.status)) return "not_usable";
    return await readConversation(keys.log(jobId), { request, previous }, { redis, answer, maxBytes });
  }

  /** What a job that waits has done. It writes no steps, so this stays true until it is claimed. */
  async #done(jobId: string, record: JobRecord): Promise<WorkDone> {
    if (record.status === "queued" && record.attempt === 1) return { cancellation: NOTHING_RAN };
    const { redis, keys } = this.#dependencies;
    return await readWork(redis, keys.log(jobId), record);
  }
}
