import { SERVER_NAME } from "../echo-job.ts";
import { systemFigure, type Figure } from "../figure.ts";
import { cpuSeconds } from "../process-figures.ts";
import { sendJob } from "../send-job.ts";
import { quantile, sum } from "../statistics.ts";
import type { ChatBench } from "./chat-bench.ts";
import { startChatSystem, type ChatSystem, type FinishedJob } from "./chat-system.ts";
import { requestJson } from "./request-json.ts";
import type { ModelFigures } from "./task.ts";

/** Jobs at the start that do not count. */
const WARM_UP_JOBS = 5;

interface LogPage {
  readonly events: readonly { readonly type: string; readonly execution_time_ms?: number | null }[];
  readonly next_cursor: string | null;
}

/**
 * What a turn takes besides the model and the tools, one job at a time: a job's time from start to finish, without what
 * the model server took to answer and without the `execution_time_ms` of its calls, for each turn.
 */
export async function measureTurns(bench: ChatBench): Promise<Figure[]> {
  const { jobs, calls } = bench.sizes.turns;
  await using launcher = bench.createLauncher();
  const system = await startChatSystem(launcher.launch, bench);
  const overheads: number[] = [];
  bench.onProgress(`${jobs} chat jobs of ${calls + 1} turns, one at a time`);
  for (let job = 0; job < WARM_UP_JOBS; job += 1) await measureJob(system, calls, bench.signal);
  const cpuBefore = await cpuSeconds(system.worker.processId);
  for (let job = 0; job < jobs; job += 1) overheads.push(await measureJob(system, calls, bench.signal));
  const cpuMs = ((await cpuSeconds(system.worker.processId)) - cpuBefore) * 1_000;
  const ascending = overheads.toSorted((a, b) => a - b);
  const name = "turn of a chat job, besides model and tools";
  return [
    systemFigure(`${name}: p50`, "ms", quantile(ascending, 0.5), { bound: "at most", limit: 5 }),
    systemFigure(`${name}: p99`, "ms", quantile(ascending, 0.99)),
    systemFigure("turn of a chat job: CPU of the worker", "ms", cpuMs / (jobs * (calls + 1))),
  ];
}

/** Milliseconds for each turn. */
async function measureJob(
  { target, model, port }: ChatSystem,
  calls: number,
  signal: AbortSignal,
): Promise<number> {
  await model.ask("modelFigures");
  const { promise, resolve } = Promise.withResolvers<FinishedJob>();
  const task = { do: "call", tool: `${SERVER_NAME}__echo`, turns: calls } as const;
  await sendJob(target(task, resolve), { signal });
  const { id, started_at, finished_at } = await promise;
  const { answeringMs } = await model.ask<ModelFigures>("modelFigures");
  const toolTimes = await readToolTimes(port, id, signal);
  if (toolTimes.length !== calls) throw new Error(`${toolTimes.length} of ${calls} calls ran in ${id}`);
  return (Date.parse(finished_at) - Date.parse(started_at) - answeringMs - sum(toolTimes)) / (calls + 1);
}

async function readToolTimes(port: number, jobId: string, signal: AbortSignal): Promise<number[]> {
  const path = `/jobs/${jobId}/events?limit=500`;
  const { events } = await requestJson<LogPage>({ method: "GET", path, port, signal });
  return events.flatMap(({ type, execution_time_ms }) =>
    type === "tool.returned" && typeof execution_time_ms === "number" ? [execution_time_ms] : [],
  );
}
