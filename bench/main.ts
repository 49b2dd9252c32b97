import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { startRedisProcess } from "@millrace/testing";
import { Redis } from "ioredis";
import { compare } from "./comparison.ts";
import { verdictOf } from "./figure.ts";
import { startFloor } from "./floor.ts";
import { createLauncher } from "./launcher.ts";
import { describeMachine, machineLine } from "./machine.ts";
import { readOptions, USAGE, type BenchOptions } from "./options.ts";
import { RESULTS_FOLDER, writeResult } from "./result-file.ts";
import { soak, soakTable } from "./soak.ts";
import { startSystem } from "./system.ts";
import { figureTable } from "./table.ts";

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
async function run({ sizes, short, profile, soakJobs }: BenchOptions, startedAt: Date): Promise<void> {
  const { signal } = stop;
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  await using resources = new AsyncDisposableStack();
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const server = resources.use(await startRedisProcess({ appendOnlyFolder: join(folder, "redis") }));
  const redis = resources.adopt(new Redis(server.url), (client) => client.disconnect());
  const { launch } = resources.use(
    createLauncher({
      onUnexpectedEnd: (error) => stop.abort(error),
      profileFolder: profile ? join(RESULTS_FOLDER, "profiles") : null,
    }),
  );
  const machine = await describeMachine(redis);
  console.log(machineLine(machine));

  const system = await startSystem(launch, server.url, folder, signal);
  if (soakJobs !== null) {
    const onSample = ({ jobs, api }: { jobs: number; api: number }) =>
      progress(`${jobs} jobs, api ${(api / 1_048_576).toFixed(1)} MiB`);
    const result = await soak(system, redis, soakJobs, { signal, onSample });
    console.log(soakTable(result));
    await report(startedAt, { kind: "soak", machine, ...result });
    return;
  }
  const floor = await startFloor(launch, server.url, signal);
  const figures = await compare({ floor, system }, { redis, sizes, signal, onProgress: progress });
  console.log(figureTable(figures));
  const judged = figures.map((figure) => ({ ...figure, verdict: verdictOf(figure) }));
  await report(startedAt, { kind: short ? "short" : "comparison", machine, sizes, figures: judged });
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
