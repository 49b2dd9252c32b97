import type {
  ApprovalRequest,
  BulkRetryRequest,
  BulkRetryResponse,
  Delivery,
  DeliveryList,
  Job,
  JobEvent,
  JobPage,
  JobRequestInput,
  JobStatus,
  JobType,
  RetryFrom,
} from "@millrace/contracts";
import type { Connection } from "./http/connection.ts";
import { idempotencyHeader } from "./http/idempotency-key.ts";
import { follow, type FollowOptions } from "./http/follow.ts";
import { path } from "./http/path.ts";
import { FOLLOW_PATIENCE } from "./http/retry-policy.ts";
import type { SignalOption } from "./http/signal-option.ts";

export interface SubmitOptions {
  /** Under which the request makes one job however often it is sent. By default one that is made up. */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface ListOptions extends SignalOption {
  status?: JobStatus | undefined;
  type?: JobType | undefined;
  batchId?: string | undefined;
}

/** The job of a request: what it asks for says of which type it is. */
export type JobOf<Request extends { type: JobType }> = Extract<Job, { type: Request["type"] }>;

/** How long one request waits for a job's end, in seconds: shorter than proxies allow a quiet connection. */
const WAIT_SECONDS = 30;

/** How long a submission waits for it: one that breaks is soon given up, unlike the waiting. */
const SUBMIT_WAIT_SECONDS = 2;

/** `client.jobs` */
export class Jobs {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Submits a job and returns as soon as it is accepted. It is sent again when nobody knows whether it has arrived,
   * under one `Idempotency-Key`, so that it makes one job.
   * @throws MillraceError `unknown_tool`, `invalid_arguments`, `invalid_request` …: a job that cannot succeed.
   * @throws TypeError when `idempotencyKey` cannot be one.
   *
   * @example
   * ```ts
   * const job = await client.jobs.submit({
   *   type: "tool", server: "filesystem", tool: "read_text_file", arguments: { path: "welcome.txt" },
   * });
   * ```
   */
  async submit<Request extends JobRequestInput>(
    request: Request,
    options: SubmitOptions = {},
  ): Promise<JobOf<Request>> {
    return await this.#submit(request, options, {});
  }

  /**
   * Submits a job and waits for its end as {@link wait} does. The job may have failed: look at `status`.
   *
   * @example
   * ```ts
   * const job = await client.jobs.run({ type: "tool", tool: "everything__get-sum", arguments: { a: 1, b: 2 } });
   * if (job.status === "completed") console.log(job.result?.content);
   * else console.error(job.error?.message);
   * ```
   */
  async run<Request extends JobRequestInput>(
    request: Request,
    options: SubmitOptions = {},
  ): Promise<JobOf<Request>> {
    const job = await this.#submit(request, options, { prefer: `wait=${SUBMIT_WAIT_SECONDS}` });
    return hasEnded(job) ? job : ((await this.wait(job.id, options)) as JobOf<Request>);
  }

  /**
   * Waits until a job has ended, however long, also over lost connections.
   * @throws MillraceConnectionError when the api is away for five minutes.
   *
   * @example
   * ```ts
   * const job = await client.jobs.wait(jobId, { signal: AbortSignal.timeout(600_000) });
   * ```
   */
  async wait(jobId: string, { signal }: SignalOption = {}): Promise<Job> {
    const options = { query: { wait: WAIT_SECONDS }, signal, patience: FOLLOW_PATIENCE } as const;
    for (;;) {
      const job = await this.#connection.read<Job>(path`/jobs/${jobId}`, options);
      if (hasEnded(job)) return job;
    }
  }

  /**
   * The job as it is now.
   * @throws MillraceError `job_not_found` when it is not there for this key, or no longer.
   */
  async get(jobId: string, { signal }: SignalOption = {}): Promise<Job> {
    return await this.#connection.read(path`/jobs/${jobId}`, { signal });
  }

  /**
   * All jobs of this key, newest first, read page by page.
   *
   * @example
   * ```ts
   * for await (const job of client.jobs.list({ status: "failed" })) console.log(job.id, job.error?.code);
   * ```
   */
  async *list({ status, type, batchId, signal }: ListOptions = {}): AsyncGenerator<Job, void, undefined> {
    let cursor: string | undefined;
    do {
      const query = { status, type, batch_id: batchId, limit: 200, cursor };
      const page: JobPage = await this.#connection.read("/jobs", { query, signal });
      yield* page.jobs;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /**
   * A job's events from the first, or after the one that `after` names, up to its end. Lost connections are made
   * again; no event is missing, none comes twice. To leave the loop never stops the job.
   *
   * @example
   * ```ts
   * for await (const event of client.jobs.events(job.id)) {
   *   if (event.type === "tool.called") console.log(event.tool, event.arguments);
   * }
   * ```
   */
  events(jobId: string, options: FollowOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    const log = { path: path`/jobs/${jobId}/events`, isEnd: isTerminalEvent, gapless: true };
    return follow<JobEvent>(this.#connection, log, options);
  }

  /** Stops a job wherever it is. A running one is told to stop: its end tells what had run. */
  async cancel(jobId: string, { signal }: SignalOption = {}): Promise<Job> {
    const options = { method: "POST", repeatable: true, signal } as const;
    return await this.#connection.read(path`/jobs/${jobId}/cancel`, options);
  }

  /**
   * Lets a failed or cancelled job go on after the steps that it has finished, or from its start.
   * It is not sent again by itself when the connection breaks: look at the job first.
   * @throws MillraceError `not_retryable` unless it has failed or was cancelled.
   */
  async retry(
    jobId: string,
    { from = "journal", signal }: { from?: RetryFrom | undefined } & SignalOption = {},
  ): Promise<Job> {
    const options = { method: "POST", json: { from }, signal } as const;
    return await this.#connection.read(path`/jobs/${jobId}/retry`, options);
  }

  /**
   * Does so for the newest jobs that fit the filter, which must name a status, a type, a batch or an error's code.
   * Without a status these are failed ones. Returns their ids.
   */
  async retryMany(filter: Partial<BulkRetryRequest>, { signal }: SignalOption = {}): Promise<string[]> {
    const options = { method: "POST", json: filter, signal } as const;
    return (await this.#connection.read<BulkRetryResponse>("/jobs/retry", options)).job_ids;
  }

  /**
   * Lets a tool call run that waits for an approval (`approval.requested`), with other arguments if there are any.
   * It is not sent again by itself when the connection breaks: a second time is an error.
   * @throws MillraceError `approval_not_pending` when it waits for no decision, or no longer.
   *
   * @example
   * ```ts
   * await client.jobs.approve(job.id, event.tool_call_id, { arguments: { path: "other.txt" } });
   * ```
   */
  async approve(
    jobId: string,
    toolCallId: string,
    { arguments: edited, signal }: { arguments?: Record<string, unknown> | undefined } & SignalOption = {},
  ): Promise<Job> {
    return await this.#decide(jobId, toolCallId, { decision: "approve", arguments: edited }, signal);
  }

  /** Refuses it; the model is told the reason. */
  async deny(
    jobId: string,
    toolCallId: string,
    { reason, signal }: { reason?: string | undefined } & SignalOption = {},
  ): Promise<Job> {
    return await this.#decide(jobId, toolCallId, { decision: "deny", reason }, signal);
  }

  /** What a job's webhook was told, and how that went. */
  async deliveries(jobId: string, { signal }: SignalOption = {}): Promise<Delivery[]> {
    const options = { signal };
    return (await this.#connection.read<DeliveryList>(path`/jobs/${jobId}/deliveries`, options)).deliveries;
  }

  /** Tells a job's webhook again of the event with this number, under the same `webhook-id`. */
  async replayDelivery(jobId: string, n: number, { signal }: SignalOption = {}): Promise<Delivery> {
    const options = { method: "POST", signal } as const;
    return await this.#connection.read(path`/jobs/${jobId}/deliveries/${String(n)}/replay`, options);
  }

  async #submit<Request extends JobRequestInput>(
    request: Request,
    { idempotencyKey, signal }: SubmitOptions,
    headers: Record<string, string>,
  ): Promise<JobOf<Request>> {
    return await this.#connection.read("/jobs", {
      method: "POST",
      json: request,
      headers: { ...idempotencyHeader(idempotencyKey), ...headers },
      repeatable: true,
      signal,
    });
  }

  async #decide(
    jobId: string,
    toolCallId: string,
    decision: ApprovalRequest,
    signal: AbortSignal | undefined,
  ): Promise<Job> {
    const options = { method: "POST", json: decision, signal } as const;
    return await this.#connection.read(path`/jobs/${jobId}/approvals/${toolCallId}`, options);
  }
}

// Both are known to the contracts too; from there they would bring its schemas into every browser.

function hasEnded({ status }: Job): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

function isTerminalEvent({ type }: JobEvent): boolean {
  return type === "job.completed" || type === "job.failed" || type === "job.cancelled";
}
