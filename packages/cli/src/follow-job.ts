import type { Job, JobEvent } from "@millrace/contracts";
import { ApprovalPrompt } from "./approval-prompt.ts";
import type { Context } from "./context.ts";
import { EXIT } from "./exit-code.ts";
import { onInterrupt } from "./interrupt.ts";

/** Follows a job to its end, asks for the approvals that it wants, and shows its events. */
export async function followJob(
  { client, output }: Context,
  jobId: string,
  show: (event: JobEvent) => void,
): Promise<Job> {
  await using approvals = new ApprovalPrompt(client, output, jobId);
  let ended: Job | undefined;
  for await (const event of client.jobs.events(jobId)) {
    show(event);
    approvals.handle(event);
    if ("job" in event) ended = event.job;
  }
  return ended ?? (await client.jobs.wait(jobId));
}

/**
 * The same for a job that this command submits: Ctrl-C cancels it, also while it is on its way. Also returns the
 * command's exit code.
 */
export async function runOwnJob(
  context: Context,
  submit: () => Promise<{ id: string }>,
  show: (event: JobEvent) => void,
): Promise<{ job: Job; exitCode: number }> {
  const { client, output } = context;
  const submitting = Promise.withResolvers<{ id: string }>();
  let cancelling: Promise<unknown> | undefined;
  const cancel = async (): Promise<void> => {
    const { id } = await submitting.promise;
    output.warn(`Cancelling ${id}. Ctrl-C again leaves it alone.`);
    await client.jobs.cancel(id);
  };
  using _interrupt = onInterrupt(() => {
    cancelling = cancel().catch((error: Error) => output.warn(error.message));
  });
  const submitted = await submit();
  submitting.resolve(submitted);
  const job = await followJob(context, submitted.id, show);
  await cancelling;
  return { job, exitCode: cancelling ? EXIT.interrupted : exitCodeOf(job) };
}

export function exitCodeOf(job: Job): number {
  return job.status === "completed" ? EXIT.ok : EXIT.jobFailed;
}
