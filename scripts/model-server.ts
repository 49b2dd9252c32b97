import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { readModelScript, startModelServer, type ModelScript } from "@millrace/testing";

const DEFAULT_PORT = 8090;

const USAGE = `usage: npm run model-server -- [--port ${DEFAULT_PORT}] script.json (such as examples/model-script.json)`;

/** What is wrong with the command or its file: said in one message, without a stack. */
class UsageError extends Error {}

function readArguments(): { file: string; port: number } {
  const { values, positionals } = parse();
  const port = Number(values.port ?? DEFAULT_PORT);
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError(USAGE);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UsageError(`--port ${values.port}: must be a port number, or 0 for any free one\n${USAGE}`);
  }
  return { file, port };
}

function parse() {
  try {
    return parseArgs({ allowPositionals: true, options: { port: { type: "string" } } });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}

async function readScript(file: string): Promise<ModelScript> {
  try {
    return readModelScript(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

async function serve(): Promise<void> {
  const { file, port } = readArguments();
  await using server = await startModelServer({ script: await readScript(file), port });
  const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  console.log(`ANTHROPIC_BASE_URL=${server.url} ANTHROPIC_API_KEY=any`);
  console.log(`OPENAI_BASE_URL=${server.openaiUrl} OPENAI_API_KEY=any`);
  await stopped;
}

try {
  await serve();
} catch (error) {
  const isExpected = error instanceof UsageError || (error as NodeJS.ErrnoException).code === "EADDRINUSE";
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = 1;
}
