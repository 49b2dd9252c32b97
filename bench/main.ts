import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { startRedisProcess } from "@millrace/testing";
import { Redis } from "ioredis";
import { measureBatches } from "./batch/measure-batches.ts";
import type { Bench } from "./bench.ts";
import { measureChat } from "./chat/measure-chat.ts";
import { compare } from "./comparison.ts";
import { verdictOf, type Figure } from "./figure.ts";
import { startFloor } from "./floor.ts";
import { measureHost } from "./host/measure-host.ts";
import { createLauncher } from "./launcher.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { readOptions, USAGE, type BenchOptions, type Sizes } from "./options.ts";
import { writeReport } from "./report.ts";
import { RESULTS_FOLDER, writeResult } from "./result-file.ts";
import { measureScaling } from "./scaling/measure-scaling.ts";
import { soak, soakTable, type SoakResult, type SoakSample } from "./soak.ts";
import { startSystem } from "./system.ts";
import { figureTable } from "./table.ts";

/** In percent that the file has grown by; 0: never. Redis' default is 100. */
const REWRITE_AT = "auto-aof-rewrite-percentage";

/** Aborted by Ctrl-C and the like, and when a process that is measured ends by itself. */
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
}

const options = readArguments();
if (options) {
  try {
    await run(options, new Date());
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
    console.error(`bench: ${reason instanceof Error ? reason.message : String(reason)}`);
    process.exitCode = 1;
  }
}

/** Starts everything, measures, reports, and ends everything in reverse, whatever happens. */
async function run(given: BenchOptions, startedAt: Date): Promise<void> {
  const { sizes, short, profile, only, soakJobs, report: reportPath } = given;
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  await using resources = new AsyncDisposableStack();
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const server = resources.use(await startRedisProcess({ appendOnlyFolder: join(folder, "redis") }));
  const redis = resources.adopt(new Redis(server.url), (client) => client.disconnect());
  const onUnexpectedEnd = (error: Error) => stop.abort(error);
  const profileFolder = profile ? join(RESULTS_FOLDER, "profiles") : null;
  const bench: Bench = {
    redisUrl: server.url,
    redis,
    folder,
    signal: stop.signal,
    onProgress: progress,
    createLauncher: () => createLauncher({ onUnexpectedEnd, profileFolder }),
  };
  const machine = await describeMachine(redis);
  console.log(machineLine(machine));

  if (soakJobs !== null) {
    const result = await runSoak(bench, soakJobs);
    console.log(soakTable(result));
    await report(startedAt, { kind: "soak", machine, ...result });
    return;
  }
  const figures = only === null ? await runComparison(bench, sizes) : [];
  if (only === null || only === "chat") figures.push(...(await measureChat({ ...bench, sizes: sizes.chat })));
  if (only === null || only === "host") figures.push(...(await measureHost({ ...bench, sizes: sizes.host })));
  if (only === null || only === "batches") {
    figures.push(...(await measureBatches({ ...bench, sizes: sizes.batches })));
  }
  if (only === null || only === "scaling") {
    figures.push(...(await measureScaling({ ...bench, sizes: sizes.scaling })));
  }
  console.log(figureTable(figures));
  const judged = figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) }));
  const kind = only ?? "comparison";
  await report(startedAt, { kind: short ? "short" : kind, machine, sizes, figures: judged });
  if (reportPath !== null) {
    const command = ["npm run bench --", ...process.argv.slice(2)].join(" ");
    await writeReport(reportPath, { startedAt, command, machine, figures: judged });
    console.log(`report: ${reportPath}.md`);
  }
}

async function runSoak(bench: Bench, jobs: number): Promise<SoakResult> {
  const { redisUrl, redis, folder, signal } = bench;
  await using launcher = bench.createLauncher();
  const system = await startSystem(launcher.launch, redisUrl, folder, signal);
  return await soak(system, redis, jobs, { signal, onSample: sampleProgress });
}

function sampleProgress({ jobs, api }: SoakSample): void {
  progress(`${jobs} jobs, api ${(api / 1_048_576).toFixed(1)} MiB`);
}

async function runComparison(bench: Bench, sizes: Sizes): Promise<Figure[]> {
  const { redisUrl, redis, folder, signal, onProgress } = bench;
  await using launcher = bench.createLauncher();
  const system = await startSystem(launcher.launch, redisUrl, folder, signal);
  const floor = await startFloor(launcher.launch, redisUrl, signal);
  // A rewrite of the append-only file, by a child of Redis, would fall on whichever side is measured then.
  await redis.config("SET", REWRITE_AT, 0);
  const figures = await compare({ floor, system }, { redis, sizes, signal, onProgress });
  await redis.config("SET", REWRITE_AT, 100);
  return figures;
}

/** What is done now; beside the report, so that this alone can be kept. */
function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

async function report(startedAt: Date, result: object): Promise<void> {
  const path = await writeResult(startedAt, result);
  console.log(`written to ${relative(process.cwd(), path)}`);
}

function readArguments(): BenchOptions | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
}
