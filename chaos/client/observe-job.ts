import { setTimeout as delay } from "node:timers/promises";
import { isTerminal, type Job, type JobEvent, type JobEventPage } from "@millrace/contracts";
import type { PlannedJob } from "../job-plan.ts";
import type { Violation, ViolationKind } from "../violation.ts";
import { NoAnswerError, type ApiClient, type Answer } from "./api-client.ts";
import { followJob, type SeenStream } from "./follow-job.ts";

/** A request that waits for the end of a job comes back after so many seconds. */
const WAIT_SECONDS = 5;
const PAGE = 500;
/** Redis counts a retention in whole seconds. */
const CLOCK_SLACK_MS = 2_000;

/** All that the client has seen of one job. */
export interface Observation {
  readonly plan: PlannedJob;
  /** Every id that its key was answered with; one, if all is well. */
  readonly jobIds: ReadonlySet<string>;
  /** As it was at its end; null when it came to none, or its retention was over before anybody could look. */
  readonly job: Job | null;
  /** Its log at its end. */
  readonly events: readonly JobEvent[] | null;
  /** Its log some time later. */
  readonly laterEvents: readonly JobEvent[] | null;
  readonly stream: SeenStream | null;
  /** Whether a cancel was accepted while the job had not ended. */
  readonly isCancelAccepted: boolean;
  /** Its retention was over before all had been read: no api had answered for so long. */
  readonly isExpired: boolean;
  /** Answers that nothing explains, or that never came. */
  readonly violations: readonly Violation[];
}

export interface ObserveOptions {
  client: ApiClient;
  /** How long after its end a job's log is read again, in milliseconds. */
  rereadAfterMs: number;
  /** How long the end of a job is waited for, in milliseconds. */
  patienceMs: number;
  signal: AbortSignal;
}

/** Submits one job, does with it what is planned, waits for its end and reads its log. */
export async function observeJob(plan: PlannedJob, options: ObserveOptions): Promise<Observation> {
  const observer = new JobObserver(plan, options);
  await observer.run();
  return observer;
}

class JobObserver implements Observation {
  readonly plan: PlannedJob;
  readonly jobIds = new Set<string>();
  readonly violations: Violation[] = [];
  job: Job | null = null;
  events: JobEvent[] | null = null;
  laterEvents: JobEvent[] | null = null;
  stream: SeenStream | null = null;
  isCancelAccepted = false;
  isExpired = false;
  readonly #options: ObserveOptions;
  /** The job had not ended before this time, or ended at it; in milliseconds since 1970. */
  #endedAfter = Date.now();

  constructor(plan: PlannedJob, options: ObserveOptions) {
    this.plan = plan;
    this.#options = options;
  }

  async run(): Promise<void> {
    try {
      await this.#observe();
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      const kind = this.jobIds.size > 0 ? "not_ended" : "not_accepted";
      this.violations.push({ kind, detail: `${this.plan.key}: ${error.message}` });
    }
  }

  async #observe(): Promise<void> {
    const { plan } = this;
    const jobId = await this.#submit();
    if (jobId === null) return;
    await Promise.all([
      plan.isRepeated ? this.#submit() : null,
      plan.cancelAfterMs === null ? null : this.#cancel(jobId, plan.cancelAfterMs),
      plan.isFollowed ? this.#follow(jobId) : null,
      this.#untilEnded(jobId),
    ]);
  }

  async #submit(): Promise<string | null> {
    const { key, request } = this.plan;
    const headers = { "idempotency-key": key };
    const answer = await this.#options.client.ask("/jobs", { method: "POST", headers, body: request });
    if (answer.status !== 202 && answer.status !== 200) {
      this.#complain("not_accepted", "POST /jobs", answer);
      return null;
    }
    const { id } = answer.body as Job;
    this.jobIds.add(id);
    return id;
  }

  async #cancel(jobId: string, afterMs: number): Promise<void> {
    const { client, signal } = this.#options;
    await delay(afterMs, undefined, { signal });
    const path = `/jobs/${jobId}/cancel`;
    const answer = await client.ask(path, { method: "POST", body: {} });
    if (answer.status === 202) this.isCancelAccepted = true;
    else if (answer.status !== 200) this.#complain("http", `POST ${path}`, answer);
  }

  async #follow(jobId: string): Promise<void> {
    const { client, signal, patienceMs } = this.#options;
    const stop = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const stream = await followJob(client, jobId, stop);
    if (stream.isGone && this.#isRetentionOver()) this.isExpired = true;
    else this.stream = stream;
  }

  async #untilEnded(jobId: string): Promise<void> {
    const { client, signal, rereadAfterMs, patienceMs } = this.#options;
    for (const deadline = performance.now() + patienceMs; performance.now() < deadline;) {
      const askedAt = Date.now();
      const answer = await client.ask(`/jobs/${jobId}?wait=${WAIT_SECONDS}`);
      if (answer.status !== 200) return this.#complain("lost", `GET /jobs/${jobId}`, answer);
      const job = answer.body as Job;
      this.#endedAfter = askedAt;
      if (!isTerminal(job.status)) continue;
      this.#endedAfter = Date.parse(job.finished_at ?? "");
      this.job = job;
      this.events = await this.#readLog(jobId);
      await delay(rereadAfterMs, undefined, { signal });
      if (this.events) this.laterEvents = await this.#readLog(jobId);
      return;
    }
  }

  /** Null when the api does not show it. */
  async #readLog(jobId: string): Promise<JobEvent[] | null> {
    const events: JobEvent[] = [];
    for (;;) {
      const path = `/jobs/${jobId}/events?after=${events.at(-1)?.id ?? 0}&limit=${PAGE}`;
      const answer = await this.#options.client.ask(path);
      if (answer.status !== 200) {
        this.#complain("lost", `GET ${path}`, answer);
        return null;
      }
      const page = answer.body as JobEventPage;
      events.push(...page.events);
      if (page.next_cursor === null) return events;
    }
  }

  #complain(kind: ViolationKind, what: string, { status, body }: Answer): void {
    if ((status === 404 || status === 410) && this.#isRetentionOver()) {
      this.isExpired = true;
      return;
    }
    const detail = `${this.plan.key}: ${what}: ${status} ${JSON.stringify(body)}`;
    this.violations.push({ kind, detail });
  }

  /** Whether the job may have expired by now. */
  #isRetentionOver(): boolean {
    const retentionMs = (this.plan.request.retention_seconds ?? 0) * 1_000;
    return Date.now() - this.#endedAfter > retentionMs - CLOCK_SLACK_MS;
  }
}
