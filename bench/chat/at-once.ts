import { Agent } from "node:http";
import { systemFigure, type Figure } from "../figure.ts";
import { cpuSeconds, peakResidentBytes } from "../process-figures.ts";
import type { EventLoopDelay } from "../probe.ts";
import { spread } from "../statistics.ts";
import type { ChatBench } from "./chat-bench.ts";
import { chatRequest, startChatSystem, type ChatSystem, type FinishedJob } from "./chat-system.ts";
import { inLanes } from "./lanes.ts";
import { requestJson } from "./request-json.ts";
import type { ModelFigures } from "./task.ts";

const MEBIBYTE = 1_024 * 1_024;

const SUBMITTED_AT_ONCE = 50;

const post = { method: "POST", path: "/jobs" } as const;

interface Round {
  delay: EventLoopDelay;
  /** Of the model server, which has little to do: what the machine adds. */
  modelDelay: EventLoopDelay;
  workerCpuMs: number;
  mostAtOnce: number;
  jobsPerSecond: number;
}

/**
 * One worker with many chat jobs at once, each of which waits for the model. They are submitted before, with
 * one moment at which all are due, so that the client and the api have little to do then. The first round
 * warms up and does not count, but its memory does.
 */
export async function measureAtOnce(bench: ChatBench): Promise<Figure[]> {
  const { jobs, rounds: count, modelMs } = bench.sizes.atOnce;
  await using launcher = bench.createLauncher();
  const system = await startChatSystem(launcher.launch, bench);
  const rounds: Round[] = [];
  for (let round = 0; round <= count; round += 1) {
    bench.onProgress(
      `${jobs} chat jobs at once: ${round === 0 ? "warming up" : `round ${round} of ${count}`}`,
    );
    const measured = await measureRound(system, bench);
    if (round > 0) rounds.push(measured);
  }
  const median = (read: (round: Round) => number) => spread(rounds.map(read)).median;
  const worst = (read: (round: Round) => number) => Math.max(...rounds.map(read));
  const name = (what: string) => `${jobs} chat jobs of ${modelMs} ms at once: ${what}`;
  const peak = (await peakResidentBytes(system.worker.processId)) / MEBIBYTE;
  const p99 = worst(({ delay }) => delay.p99);
  return [
    systemFigure(name("worker's event-loop delay p99"), "ms", p99, { bound: "at most", limit: 50 }),
    systemFigure(
      name("its longest"),
      "ms",
      worst(({ delay }) => delay.max),
    ),
    systemFigure(
      name("the idle model's p99"),
      "ms",
      worst(({ modelDelay }) => modelDelay.p99),
    ),
    systemFigure(name("worker's peak memory"), "MiB", peak, { bound: "at most", limit: 400 }),
    systemFigure(
      name("CPU of the worker per job"),
      "ms",
      median(({ workerCpuMs }) => workerCpuMs / jobs),
    ),
    systemFigure(
      name("under way together"),
      "count",
      median((round) => round.mostAtOnce),
    ),
    systemFigure(
      name("rate"),
      "jobs/s",
      median((round) => round.jobsPerSecond),
    ),
  ];
}

async function measureRound({ model, worker, port }: ChatSystem, bench: ChatBench): Promise<Round> {
  const { sizes, signal } = bench;
  const { jobs, modelMs, leadMs } = sizes.atOnce;
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  try {
    const dueAt = Date.now() + leadMs;
    const ids: string[] = [];
    await inLanes(jobs, SUBMITTED_AT_ONCE, async () => {
      const body = chatRequest({ do: "wait", forMs: modelMs }, { delay_ms: dueAt - Date.now() });
      const { id } = await requestJson<{ id: string }>({ ...post, port, body, agent, signal });
      ids.push(id);
    });
    const ends = ids.map((id) =>
      requestJson<FinishedJob>({ method: "GET", path: `/jobs/${id}?wait=60`, port, agent, signal }),
    );
    await model.ask("modelFigures");
    await Promise.all([worker.ask("watchEventLoop"), model.ask("watchEventLoop")]);
    const cpuBefore = await cpuSeconds(worker.processId);
    if (Date.now() > dueAt) throw new Error(`${jobs} jobs could not be submitted within ${leadMs} ms`);
    const finished = await Promise.all(ends);
    const delay = await worker.ask<EventLoopDelay>("eventLoopDelay");
    const workerCpuMs = ((await cpuSeconds(worker.processId)) - cpuBefore) * 1_000;
    const modelDelay = await model.ask<EventLoopDelay>("eventLoopDelay");
    const { mostAtOnce } = await model.ask<ModelFigures>("modelFigures");
    return {
      delay,
      modelDelay,
      workerCpuMs,
      mostAtOnce,
      jobsPerSecond: jobs / secondsAfter(dueAt, finished),
    };
  } finally {
    agent.destroy();
  }
}

/** From the time at which all were due to the end of the last. */
function secondsAfter(dueAt: number, jobs: readonly FinishedJob[]): number {
  const failed = jobs.find(({ status }) => status !== "completed");
  if (failed) throw new Error(`a chat job is ${failed.status}: ${JSON.stringify(failed)}`);
  return (Math.max(...jobs.map(({ finished_at }) => Date.parse(finished_at))) - dueAt) / 1_000;
}
