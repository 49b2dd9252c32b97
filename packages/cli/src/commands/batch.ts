import { openAsBlob } from "node:fs";
import type { Batch } from "@millrace/contracts";
import { openOutput } from "../batch/batch-output.ts";
import { explainRefusal } from "../batch/batch-refusal.ts";
import { writeState, type BatchState } from "../batch/batch-state.ts";
import { openInput, type InputFile } from "../batch/input-file.ts";
import { ProgressBar } from "../batch/progress-bar.ts";
import { stdoutResults, type ResultSink } from "../batch/result-file.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { onInterrupt } from "../interrupt.ts";
import type { Output } from "../output/output.ts";

interface BatchOptions {
  file: string;
  /** Undefined for stdout. */
  output?: string | undefined;
  concurrency?: number | undefined;
  restart: boolean;
}

/** How many of the rejected lines are told one by one. */
const REJECTIONS_SHOWN = 10;

/** `millrace batch`: sends a file of jobs and writes their results; Ctrl-C stops both, and the jobs go on. */
export async function runBatch(context: Context, options: BatchOptions): Promise<number> {
  const stopped = new AbortController();
  using _interrupt = onInterrupt(() => stopped.abort());
  let state: BatchState | null = null;
  let batch: Batch | undefined;
  try {
    const { signal } = stopped;
    await using input = await openInput(options.file, signal);
    let results = stdoutResults(context.output.stdout);
    if (options.output !== undefined)
      ({ results, state } = await openOutput(options.output, { ...options, input, signal }));
    try {
      batch = await send(context, { ...options, input, state, signal });
      await receive(context, batch, results, signal);
    } finally {
      await results.close();
    }
    return showSummary(context.output, await context.client.batches.get(batch.id), options);
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    context.output.warn(describeStop(batch, state, options));
    return EXIT.interrupted;
  }
}

interface SendOptions extends BatchOptions {
  input: InputFile;
  state: BatchState | null;
  signal: AbortSignal;
}

/** The batch: the one that is known from before, or what becomes of the input. */
async function send({ client, output }: Context, options: SendOptions): Promise<Batch> {
  const { input, output: file, state, signal, concurrency } = options;
  try {
    if (state?.batch_id) return await client.batches.get(state.batch_id, { signal });
    output.note(`Sending ${input.lines} lines.`);
    const batch = await client.batches.upload(await openAsBlob(input.path), {
      idempotencyKey: state?.idempotency_key,
      concurrency,
      signal,
    });
    refuseLoss(batch, options);
    if (file !== undefined && state) await writeState(file, { ...state, batch_id: batch.id });
    showRejections(output, batch);
    return batch;
  } catch (error) {
    throw file !== undefined && state ? explainRefusal(error, file) : error;
  }
}

function showRejections(output: Output, { id, rejected, rejections }: Batch): void {
  for (const { line, message, code } of rejections.slice(0, REJECTIONS_SHOWN)) {
    output.warn(`Line ${line}: ${message} (${code})`);
  }
  const more = rejected - REJECTIONS_SHOWN;
  if (more > 0) output.warn(`${more} more lines were rejected: millrace batches show ${id}`);
}

/** Each line has made a job or a rejection, or what has arrived is not what was looked through. */
function refuseLoss({ id, accepted, rejected }: Batch, { file, input }: SendOptions): void {
  const taken = accepted + rejected;
  if (taken >= input.lines) return;
  throw new CommandError(
    `Only ${taken} of the ${input.lines} lines of ${file} have arrived (${id}). Was the file changed while it was sent? Run the command again.`,
  );
}

/** Writes results until the batch has ended. */
async function receive(
  { client, output }: Context,
  batch: Batch,
  sink: ResultSink,
  signal: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  const following = AbortSignal.any([signal, ended.signal]);
  const progress = output.stderr.isTTY ? showProgress(client, output, batch, following) : Promise.resolve();
  try {
    for await (const result of client.batches.results(batch.id, { cursor: sink.cursor, signal })) {
      await sink.write(JSON.stringify(result));
    }
  } finally {
    ended.abort();
    await progress;
  }
}

async function showProgress(
  client: Context["client"],
  output: Output,
  batch: Batch,
  signal: AbortSignal,
): Promise<void> {
  using bar = new ProgressBar(output.stderr, batch.accepted);
  try {
    for await (const event of client.batches.events(batch.id, { signal })) bar.show(event.batch);
  } catch (error) {
    // It only shows what the results say too.
    if (!signal.aborted) output.warn((error as Error).message);
  }
}

function showSummary(output: Output, batch: Batch, { output: file }: BatchOptions): number {
  const { completed, failed, cancelled } = batch.counts;
  if (output.json && file !== undefined) output.value(batch);
  const counts = `${completed} completed, ${failed} failed, ${cancelled} cancelled, ${batch.rejected} rejected`;
  const place = file === undefined ? "" : `: ${file}`;
  const isGood = failed + cancelled + batch.rejected === 0;
  if (isGood) output.note(`${batch.id}: ${counts}${place}`);
  else output.warn(`${batch.id}: ${counts}${place}`);
  return isGood ? EXIT.ok : EXIT.jobFailed;
}

function describeStop(batch: Batch | undefined, state: BatchState | null, { restart }: BatchOptions): string {
  const same = restart ? "The same command without --restart" : "The same command";
  const again = state === null ? "" : ` ${same} goes on where it was.`;
  if (!batch) return `Stopped before the batch was sent; what has been accepted runs.${again}`;
  return `Stopped following ${batch.id}, which goes on.${again} millrace batches cancel ${batch.id} stops it.`;
}
