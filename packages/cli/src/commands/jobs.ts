import type {
  BulkRetryRequest,
  Job,
  JobErrorCode,
  JobEvent,
  JobStatus,
  JobType,
  RetryFrom,
} from "@millrace/contracts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import { CommandError, describeFailure } from "../failure.ts";
import { exitCodeOf, followJob } from "../follow-job.ts";
import { formatAge } from "../output/age.ts";
import { JobView, showEnd } from "../output/job-view.ts";
import type { Output } from "../output/output.ts";
import { jobSummary } from "../output/result-text.ts";
import { LISTED } from "./listed.ts";

interface ListJobsOptions {
  status?: JobStatus | undefined;
  type?: JobType | undefined;
  batch?: string | undefined;
  limit?: number | undefined;
}

/** `millrace jobs list` */
export async function listJobs({ client, output }: Context, options: ListJobsOptions): Promise<number> {
  const { status, type, batch: batchId, limit = LISTED } = options;
  const jobs: Job[] = [];
  for await (const job of client.jobs.list({ status, type, batchId })) {
    if (jobs.push(job) >= limit) break;
  }
  if (output.json) output.value(jobs);
  else if (jobs.length === 0) output.note("There are no such jobs.");
  else {
    const rows = jobs.map((job) => [
      job.id,
      job.type,
      job.status,
      formatAge(job.created_at),
      jobSummary(job),
    ]);
    output.table(["ID", "TYPE", "STATUS", "AGE", "WHAT"], rows);
  }
  return EXIT.ok;
}

/** `millrace jobs show` */
export async function showJob({ client, output }: Context, { id }: { id: string }): Promise<number> {
  const job = await client.jobs.get(id);
  if (output.json) output.value(job);
  else output.text(JSON.stringify(job, null, 2));
  return EXIT.ok;
}

/** `millrace jobs watch`: Ctrl-C ends the watching and leaves the job alone. */
export async function watchJob(context: Context, { id }: { id: string }): Promise<number> {
  const { output } = context;
  const view = new JobView(output);
  const show = (event: JobEvent): void => (output.json ? output.value(event) : view.show(event));
  const job = await followJob(context, id, show);
  if (!output.json) showEnd(output, job, { isTextShown: output.isLive });
  return exitCodeOf(job);
}

/** `millrace jobs cancel` */
export async function cancelJobs({ client, output }: Context, { id }: { id: string[] }): Promise<number> {
  return await forEachJob(output, id, {
    act: (each) => client.jobs.cancel(each),
    describe: (job) => (job.finished_at === null ? "is told to stop" : `has ended: ${job.status}`),
  });
}

interface RetryOptions {
  id?: string[] | undefined;
  /** By default `journal`. */
  from?: RetryFrom | undefined;
  status?: BulkRetryRequest["status"];
  type?: JobType | undefined;
  batch?: string | undefined;
  errorCode?: string | undefined;
}

/** `millrace jobs retry`: the jobs that are named, or the newest that fit. */
export async function retryJobs({ client, output }: Context, options: RetryOptions): Promise<number> {
  const { id = [], from = "journal", status, type, batch, errorCode } = options;
  const filter = {
    ...(status ? { status } : {}),
    ...(type ? { type } : {}),
    ...(batch ? { batch_id: batch } : {}),
    ...(errorCode ? { error_code: errorCode as JobErrorCode } : {}),
  };
  const isFiltered = Object.keys(filter).length > 0;
  if (id.length > 0 === isFiltered)
    throw new CommandError("Name the jobs, or say which with --status, --type, --batch or --error-code.");
  if (!isFiltered) {
    const act = (each: string) => client.jobs.retry(each, { from });
    return await forEachJob(output, id, { act, describe: () => "is queued again" });
  }
  const ids = await client.jobs.retryMany({ ...filter, from });
  if (output.json) output.value(ids);
  else for (const each of ids) output.text(`${each} is queued again`);
  return EXIT.ok;
}

interface JobAction {
  act: (id: string) => Promise<Job>;
  /** What has become of a job. */
  describe: (job: Job) => string;
}

/** Does the same to each job, and says of each how that went; returns the exit code of the worst. */
async function forEachJob(output: Output, ids: readonly string[], action: JobAction): Promise<number> {
  const jobs: Job[] = [];
  let exitCode: number = EXIT.ok;
  for (const [index, outcome] of (await Promise.allSettled(ids.map(action.act))).entries()) {
    if (outcome.status === "fulfilled") {
      jobs.push(outcome.value);
      if (!output.json) output.text(`${outcome.value.id} ${action.describe(outcome.value)}`);
    } else {
      const failure = describeFailure(outcome.reason);
      output.error(`${ids[index]}: ${failure.message}`);
      exitCode = Math.max(exitCode, failure.exitCode);
    }
  }
  if (output.json) output.value(jobs);
  return exitCode;
}
