import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runCommandLine } from "../../src/command-line.ts";
import type { Ended } from "./start-cli.ts";

/** A command in this process: what needs no process of its own is quicker so. */
export async function runHere(
  words: readonly string[],
  url: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  const [stdout, stderr] = [pipe(), pipe()];
  const code = await runCommandLine([...words], { env: { MILLRACE_URL: url, ...env }, stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

/** A stream that is no terminal, and takes whatever comes. */
function pipe(): NodeJS.WriteStream {
  return new PassThrough({ highWaterMark: 2 ** 30 }) as unknown as NodeJS.WriteStream;
}
