import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { echoRequest } from "../echo-job.ts";
import { systemFigure, type Figure } from "../figure.ts";
import type { Launch, RunningProgram } from "../launcher.ts";
import type { Plot } from "../plot.ts";
import type { ProcessMemory } from "../probe.ts";
import { startApi } from "../start-api.ts";
import { spread } from "../statistics.ts";
import type { BatchBench } from "./batch-bench.ts";
import { sendBatch, type BatchTarget } from "./send-batch.ts";

const CHUNK = 500;
const AT_ONCE = 2;
const WARM_UP_LINES = 10_000;
const MEBIBYTE = 1_024 * 1_024;
const SECRET = "bench";
const MEMORY_BUDGET_MIB = 50;
/** How often the memory is looked at during the long upload. */
const SAMPLES = 20;

/** Lines that are taken in and nobody runs, against bare `addBulk`; and what the api's memory does meanwhile. */
export async function measureIngest(bench: BatchBench): Promise<Figure[]> {
  const { redis, signal, sizes, onProgress } = bench;
  await using launcher = bench.createLauncher();
  const api = await startIngestApi(launcher.launch, bench);
  const { lines, rounds } = sizes.ingest;
  await sendBatch(api.target, WARM_UP_LINES);
  await addBulk(bench.redisUrl, WARM_UP_LINES);
  const floorRates: number[] = [];
  const systemRates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    signal.throwIfAborted();
    for (const side of round % 2 === 0 ? (["floor", "system"] as const) : (["system", "floor"] as const)) {
      await redis.flushall();
      const startedAt = performance.now();
      if (side === "floor") await addBulk(bench.redisUrl, lines);
      else await sendBatch(api.target, lines);
      const rate = (lines * 1_000) / (performance.now() - startedAt);
      (side === "floor" ? floorRates : systemRates).push(rate);
    }
    onProgress(`ingest: round ${round + 1} of ${rounds}`);
  }
  const rate = systemFigure("NDJSON ingest against addBulk: rate", "jobs/s", spread(systemRates).median);
  return [
    {
      ...rate,
      floor: spread(floorRates).median,
      ratio: spread(systemRates.map((own, round) => own / (floorRates[round] ?? 0))),
      budget: { of: "ratio", bound: "at least", limit: 0.7 },
    },
    await measureMemory(bench, api),
  ];
}

interface Api {
  target: BatchTarget;
  program: RunningProgram;
}

async function measureMemory(
  { redis, sizes, onProgress }: BatchBench,
  { target, program }: Api,
): Promise<Figure> {
  const lines = sizes.memoryLines;
  await redis.flushall();
  onProgress(`memory of the api over ${lines} lines`);
  // Not collected before: the heap of a process that has worked for a while is compared with the same later.
  const resident = async () => (await program.ask<ProcessMemory>("memory")).resident / MEBIBYTE;
  const before = await resident();
  const samples: { line: number; resident: Promise<number> }[] = [];
  await sendBatch(target, lines, (sent) => {
    const isDue = sent >= (samples.length * lines) / SAMPLES;
    if (isDue) samples.push({ line: sent, resident: resident() });
  });
  const after = await resident();
  await redis.flushall();
  const growths = (await Promise.all(samples.map((sample) => sample.resident))).map(
    (value) => value - before,
  );
  const name = `NDJSON ingest: growth of the api's memory over ${lines} lines`;
  const figure = systemFigure(name, "MiB", after - before, { bound: "at most", limit: MEMORY_BUDGET_MIB });
  const plot: Plot = {
    title: `Growth of the api's memory while it takes ${lines} lines in (the line is the budget)`,
    horizontal: { label: "lines", values: samples.map(({ line }) => line) },
    vertical: { label: "MiB" },
    measured: { form: "line", values: growths },
    compared: growths.map(() => MEMORY_BUDGET_MIB),
  };
  return { ...figure, plot };
}

/** An api alone: without a worker nobody runs the jobs. Its key may have as many of them as are sent. */
async function startIngestApi(launch: Launch, { redisUrl, folder, signal }: BatchBench): Promise<Api> {
  const keysFile = join(folder, "api-keys.json");
  const sha256 = createHash("sha256").update(SECRET).digest("hex");
  await writeFile(
    keysFile,
    JSON.stringify({ keys: { bench: { sha256, limits: { max_queued: 10_000_000 } } } }),
  );
  const { port, api } = await startApi(launch, {
    name: "ingest-api",
    environment: {
      REDIS_URL: redisUrl,
      REDIS_KEY_PREFIX: "ingest",
      LOG_LEVEL: "warn",
      API_KEYS_FILE: keysFile,
    },
    signal,
  });
  return { target: { port, headers: { authorization: `Bearer ${SECRET}` } }, program: api };
}

/** As BullMQ's documentation has it, in the chunks that were fastest. */
async function addBulk(redisUrl: string, count: number): Promise<void> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue("bare", { connection });
  const data = JSON.parse(echoRequest()) as object;
  let added = 0;
  const lane = async (): Promise<void> => {
    while (added < count) {
      const length = Math.min(CHUNK, count - added);
      added += length;
      const jobs = Array.from({ length }, () => ({ name: "job", data, opts: { removeOnComplete: true } }));
      await queue.addBulk(jobs);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  } finally {
    await queue.close();
    connection.disconnect();
  }
}
