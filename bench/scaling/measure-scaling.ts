import { writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import type { Bench } from "../bench.ts";
import { inLanes } from "../chat/lanes.ts";
import { requestJson } from "../chat/request-json.ts";
import { SERVER_NAME } from "../echo-job.ts";
import { systemFigure, type Figure } from "../figure.ts";
import type { Launch } from "../launcher.ts";
import type { Plot } from "../plot.ts";
import { startApi } from "../start-api.ts";

/** How many workers are measured, one after the other, and what each of them does. */
export interface ScalingSizes {
  workers: readonly number[];
  /** Calls that a worker makes at once; each waits for so long. */
  callsAtOnce: number;
  waitMs: number;
  /** Calls of each place of a worker. */
  callsEach: number;
}

export const DEFAULT_SCALING_SIZES: ScalingSizes = {
  workers: [1, 2, 4, 8],
  callsAtOnce: 10,
  waitMs: 500,
  callsEach: 20,
};

export const SHORT_SCALING_SIZES: ScalingSizes = {
  workers: [1, 2],
  callsAtOnce: 5,
  waitMs: 200,
  callsEach: 4,
};

/** So many jobs are under way for each place, so that none is ever empty. */
const JOBS_PER_PLACE = 2;

export interface ScalingBench extends Bench {
  readonly sizes: ScalingSizes;
}

/** Jobs that wait, per second, with more and more workers, against one. */
export async function measureScaling(bench: ScalingBench): Promise<Figure[]> {
  const { sizes, redisUrl, signal, onProgress } = bench;
  await using launcher = bench.createLauncher();
  const shared = { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: "bench-scaling", LOG_LEVEL: "warn" };
  const { launch } = launcher;
  const { port } = await startApi(launch, { name: "scaling-api", environment: shared, signal });
  const environment = { ...shared, ...(await workerEnvironment(bench)) };
  const figures: Figure[] = [];
  const rates: number[] = [];
  for (const workers of sizes.workers) {
    onProgress(`jobs that wait, ${workers} ${workers === 1 ? "worker" : "workers"}`);
    await scaleTo(workers, port, launch, environment, signal);
    const rate = await measureRate(workers, port, bench);
    rates.push(rate);
    const first = rates[0] ?? rate;
    const name = `jobs that wait, ${workers} ${workers === 1 ? "worker" : "workers"}`;
    figures.push(systemFigure(`${name}: rate`, "jobs/s", rate));
    const budget = { bound: "at least", limit: 0.95 * workers } as const;
    if (workers > 1) figures.push(systemFigure(`${name}: times that of one`, "count", rate / first, budget));
  }
  const last = figures.pop();
  return last ? [...figures, { ...last, plot: plotOf(sizes, rates) }] : [];
}

/** The line is as many times one worker's rate as there are workers. */
function plotOf({ workers, callsAtOnce, waitMs }: ScalingSizes, rates: readonly number[]): Plot {
  const first = rates[0] ?? 0;
  return {
    title: `Jobs per second with more workers (each makes ${callsAtOnce} calls of ${waitMs} ms at once)`,
    horizontal: { label: "workers", values: workers },
    vertical: { label: "jobs/s" },
    measured: { form: "bar", values: rates },
    compared: workers.map((count) => (count * first) / (workers[0] ?? 1)),
  };
}

async function workerEnvironment({ folder, sizes }: ScalingBench): Promise<Record<string, string>> {
  const file = join(folder, "scaling-mcp-servers.json");
  const config = { command: process.execPath, args: [FIXTURE_STDIO_PROGRAM] };
  await writeFile(
    file,
    JSON.stringify({ mcp_servers: { [SERVER_NAME]: { transport_type: "stdio", config } } }),
  );
  const atOnce = String(sizes.callsAtOnce);
  return { MCP_CONFIG_FILE: file, TOOL_CONCURRENCY: atOnce, MCP_MAX_CONCURRENT_TOOLS: atOnce };
}

interface Fleet {
  readonly workers: readonly { readonly servers: Readonly<Record<string, string>> }[];
}

/** Starts workers until there are so many, each with its server connected. */
async function scaleTo(
  count: number,
  port: number,
  launch: Launch,
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const read = () => requestJson<Fleet>({ method: "GET", path: "/workers", port, signal });
  for (let number = (await read()).workers.length + 1; number <= count; number += 1) {
    await launch({ name: `scaling-worker-${number}`, program: "apps/worker/src/main.ts", environment });
  }
  for (;;) {
    const { workers } = await read();
    const ready = workers.filter(({ servers }) => servers[SERVER_NAME] === "connected");
    if (ready.length === count) return;
    await setTimeout(100, undefined, { signal });
  }
}

/** Jobs per second, in a closed loop that keeps every place of every worker busy. */
async function measureRate(workers: number, port: number, { sizes, signal }: ScalingBench): Promise<number> {
  const { callsAtOnce, callsEach, waitMs } = sizes;
  const places = workers * callsAtOnce;
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const path = `/mcp/servers/${SERVER_NAME}/tools/wait/execute`;
  const body = JSON.stringify({ arguments: { ms: waitMs } });
  const call = async (): Promise<void> => {
    const answer = await requestJson<{ success: boolean }>({
      method: "POST",
      path,
      port,
      body,
      agent,
      signal,
    });
    if (!answer.success) throw new Error(`a job that waits failed: ${JSON.stringify(answer)}`);
  };
  try {
    await inLanes(places * JOBS_PER_PLACE, places * JOBS_PER_PLACE, call);
    const startedAt = performance.now();
    await inLanes(places * callsEach, places * JOBS_PER_PLACE, call);
    return (places * callsEach) / ((performance.now() - startedAt) / 1_000);
  } finally {
    agent.destroy();
  }
}
