import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { readOptions, USAGE, type CommandOptions } from "./options.ts";
import { toMarkdown, type ChaosReport } from "./report.ts";
import { runChaos } from "./run-chaos.ts";

/** Aborted by Ctrl-C and the like. */
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
}

const options = readArguments();
if (options) {
  try {
    await run(options);
  } catch (error) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
    say(reason instanceof Error && stop.signal.aborted ? reason.message : String((reason as Error).stack));
    process.exitCode = 1;
  }
}

/** Exits with 1 when anything was violated. */
async function run({ seed, jobs, durationMs, report: file }: CommandOptions): Promise<void> {
  say(
    `seed ${seed}; again with: npm run chaos -- --seed ${seed} --jobs ${jobs} --minutes ${durationMs / 60_000}`,
  );
  const report = await runChaos({ seed, jobs, durationMs, signal: stop.signal, onProgress: say });
  process.stdout.write(`\n${toMarkdown(report)}`);
  if (file !== null) await writeReport(file, report);
  if (report.violations.length > 0) process.exitCode = 1;
}

async function writeReport(file: string, report: ChaosReport): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.md`, toMarkdown(report));
  await writeFile(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
  say(`written to ${file}.md and ${file}.json`);
}

function say(text: string): void {
  process.stderr.write(`chaos: ${text}\n`);
}

function readArguments(): CommandOptions | null {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
}
