import { setTimeout } from "node:timers/promises";
import { systemFigure, type Figure } from "../figure.ts";
import type { RunningProgram } from "../launcher.ts";
import type { ProcessMemory } from "../probe.ts";
import { startApi } from "../start-api.ts";
import type { ChatBench } from "./chat-bench.ts";
import { openEventStream, type EventStream } from "./event-stream.ts";
import { inLanes } from "./lanes.ts";

const OPENING_AT_ONCE = 100;

/** Opened and closed before anything counts: the api has compiled its code by then. */
const WARM_UP_STREAMS = 500;

/** Files that api and client need besides their streams. */
const OTHER_FILES = 500;

/** No job is due before the measurement ends. In milliseconds. */
const DELAY_MS = 3_600_000;

/** What streams cost an api on which nothing happens: each is that of a job of its own, which is not due yet. */
export async function measureIdleStreams(bench: ChatBench): Promise<Figure[]> {
  const { streams: wanted } = bench.sizes.idle;
  const count = Math.min(wanted, openFilesLimit() - OTHER_FILES);
  await using launcher = bench.createLauncher();
  const { port, api } = await startApi(launcher.launch, {
    name: "idle-api",
    environment: { REDIS_URL: bench.redisUrl, REDIS_KEY_PREFIX: "bench-idle", LOG_LEVEL: "warn" },
    signal: bench.signal,
  });
  const warmUp = await openStreams(WARM_UP_STREAMS, port, bench.signal);
  for (const stream of warmUp) stream.close();
  await Promise.allSettled(warmUp.map(({ ended }) => ended));
  const before = await api.ask<ProcessMemory>("heldMemory");

  bench.onProgress(`opening ${count} idle streams`);
  const streams = await openStreams(count, port, bench.signal);
  let ended = 0;
  for (const stream of streams) stream.ended.finally(() => (ended += 1)).catch(() => {});
  await setTimeout(bench.sizes.idle.openMs, undefined, { signal: bench.signal });
  if (ended > 0) throw new Error(`${ended} of ${count} idle streams ended`);
  const figures = await memoryFigures(api, before, { count, wanted });
  for (const stream of streams) stream.close();
  return figures;
}

async function memoryFigures(
  api: RunningProgram,
  before: ProcessMemory,
  { count, wanted }: { count: number; wanted: number },
): Promise<Figure[]> {
  const asItIs = await api.ask<ProcessMemory>("memory");
  const held = await api.ask<ProcessMemory>("heldMemory");
  const each = (after: number, start: number) => (after - start) / count / 1_024;
  const memory = each(held.resident, before.resident);
  const name = "idle streams on one api";
  return [
    systemFigure(`${name}: open`, "count", count, { bound: "at least", limit: wanted }),
    systemFigure(`${name}: memory of each`, "KiB", memory, { bound: "at most", limit: 30 }),
    systemFigure(`${name}: JavaScript heap of each`, "KiB", each(held.heap, before.heap)),
    systemFigure(`${name}: memory of each, with free heap`, "KiB", each(asItIs.resident, before.resident)),
  ];
}

function ignore(): void {}

async function openStreams(count: number, port: number, signal: AbortSignal): Promise<EventStream[]> {
  const body = JSON.stringify({ type: "tool", server: "fixture", tool: "echo", delay_ms: DELAY_MS });
  const open: EventStream[] = [];
  await inLanes(count, OPENING_AT_ONCE, async () => {
    open.push(await openEventStream({ port, method: "POST", path: "/jobs", body, signal, onEvent: ignore }));
  });
  return open;
}

/** How many files a process may have open: Node raises its own limit to the hard one when it starts. */
function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files: { hard: string } } };
  return Number(userLimits?.open_files.hard ?? Number.NaN) || Infinity;
}
