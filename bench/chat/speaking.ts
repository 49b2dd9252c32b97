import { setTimeout } from "node:timers/promises";
import { costBetween, readCost, type Cost } from "../cost.ts";
import { systemFigure, type Figure } from "../figure.ts";
import type { EventLoopDelay } from "../probe.ts";
import { quantile } from "../statistics.ts";
import type { ChatBench } from "./chat-bench.ts";
import { startChatSystem, type ChatSystem } from "./chat-system.ts";
import { SpokenDeltas } from "./spoken-deltas.ts";
import { sharedNow, type ModelFigures } from "./task.ts";

interface Watched {
  /** Of each delta that was sent meanwhile, ascending. */
  tookMs: Float64Array;
  discarded: number;
  workerDelay: EventLoopDelay;
  cost: Cost;
}

/**
 * How long a delta takes from the model's socket to the client, while many streams are open and all of them say
 * something. Each stream is that of a chat job of its own; only deltas count that were sent once all were speaking.
 * The models, the worker, Redis, the api and the client share the machine.
 */
export async function measureSpeaking(bench: ChatBench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const everyMs of bench.sizes.speaking.everyMs) {
    await using launcher = bench.createLauncher();
    const system = await startChatSystem(launcher.launch, bench);
    figures.push(...speakingFigures(await watch(bench, system, everyMs), bench, everyMs));
  }
  return figures;
}

async function watch(bench: ChatBench, system: ChatSystem, everyMs: number): Promise<Watched> {
  const { redis, sizes, signal, onProgress } = bench;
  const { model, worker, port } = system;
  const { streams, watchedMs } = sizes.speaking;
  const target = system.target({ do: "wait", forMs: 0 });
  await model.ask("modelFigures");
  onProgress(`opening ${streams} streams with a delta every ${everyMs} ms`);
  const spoken = new SpokenDeltas();
  await spoken.open(bench, port, everyMs);

  onProgress(`watching them for ${watchedMs / 1_000} s`);
  await worker.ask("watchEventLoop");
  const before = await readCost(redis, target);
  const from = sharedNow();
  await setTimeout(watchedMs, undefined, { signal });
  const until = sharedNow();
  const cost = costBetween(before, await readCost(redis, target));
  const workerDelay = await worker.ask<EventLoopDelay>("eventLoopDelay");
  await model.ask("finishSpeaking");
  await spoken.ended();

  const { arrivals, discarded } = spoken;
  const { deltas } = await model.ask<ModelFigures>("modelFigures");
  if (discarded === 0 && deltas !== arrivals.length) {
    throw new Error(`${arrivals.length} of ${deltas} deltas arrived`);
  }
  const watched = arrivals.filter(({ sentAt }) => sentAt >= from && sentAt < until);
  const tookMs = Float64Array.from(watched.map((arrival) => arrival.tookMs)).toSorted();
  return { tookMs, discarded, workerDelay, cost };
}

function speakingFigures(watched: Watched, { sizes }: ChatBench, everyMs: number): Figure[] {
  const { streams, watchedMs } = sizes.speaking;
  const { tookMs, discarded, workerDelay, cost } = watched;
  const name = (what: string) => `${streams} streams, a delta each ${everyMs} ms: ${what}`;
  const cpu = (who: string, seconds: number) =>
    systemFigure(name(`CPU of ${who} per delta`), "ms", (seconds * 1_000) / tookMs.length);
  return [
    systemFigure(name("p50"), "ms", quantile(tookMs, 0.5)),
    systemFigure(name("p99"), "ms", quantile(tookMs, 0.99), { bound: "at most", limit: 75 }),
    systemFigure(name("deltas/s"), "count", (tookMs.length / watchedMs) * 1_000),
    systemFigure(name("answers begun again"), "count", discarded),
    systemFigure(name("worker's event-loop delay p99"), "ms", workerDelay.p99),
    cpu("the worker", cost.workerCpu),
    cpu("the api", cost.apiCpu),
    cpu("Redis", cost.redisCpu),
  ];
}
