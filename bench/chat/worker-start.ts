import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { systemFigure, type Figure } from "../figure.ts";
import { sendJob } from "../send-job.ts";
import { startApi } from "../start-api.ts";
import { spread } from "../statistics.ts";
import type { Target } from "../target.ts";
import type { ChatBench } from "./chat-bench.ts";

const BINARIES = join(import.meta.dirname, "../../node_modules/.bin");

interface StdioServer {
  readonly command: string;
  readonly args: string[];
}

function serverCommand(name: string): string {
  return join(BINARIES, `mcp-server-${name}`);
}

/** The three that Millrace comes with. */
function servers(folder: string): Record<string, StdioServer> {
  return {
    everything: { command: serverCommand("everything"), args: [] },
    filesystem: { command: serverCommand("filesystem"), args: [folder] },
    memory: { command: serverCommand("memory"), args: [] },
  };
}

/**
 * How long a worker with three stdio servers takes from its launch to its first job, which waits for it, beyond what
 * the slowest of the servers takes when it is started alone. What the three take when bare clients start them at the
 * same moment is the machine's own part of that.
 */
export async function measureWorkerStart(bench: ChatBench): Promise<Figure[]> {
  const { workerStarts } = bench.sizes;
  const alone: number[] = [];
  const together: number[] = [];
  const started: number[] = [];
  for (let round = 1; round <= workerStarts; round += 1) {
    bench.onProgress(`worker start: round ${round} of ${workerStarts}`);
    const three = Object.values(servers(bench.folder));
    const times: number[] = [];
    for (const server of three) times.push(await startServer(server));
    alone.push(Math.max(...times));
    together.push(Math.max(...(await Promise.all(three.map((server) => startServer(server))))));
    started.push(await startWorker(bench));
  }
  const beyond = spread(started.map((time, round) => time - (alone[round] ?? Number.NaN))).median;
  const name = "worker with all three";
  return [
    systemFigure("slowest of three stdio servers, started alone", "ms", spread(alone).median),
    systemFigure("all three at the same moment, with a bare client each", "ms", spread(together).median),
    systemFigure(`${name}: launch to first job`, "ms", spread(started).median),
    systemFigure(`${name}: beyond the slowest`, "ms", beyond, { bound: "at most", limit: 500 }),
  ];
}

/** Milliseconds until a server has told its tools. */
async function startServer(server: StdioServer): Promise<number> {
  const client = new Client({ name: "bench", version: "1.0.0" });
  const startedAt = performance.now();
  try {
    // Its greeting on stderr is nothing that the table's reader wants to see.
    await client.connect(new StdioClientTransport({ ...server, stderr: "ignore" }));
    await client.listTools();
    return performance.now() - startedAt;
  } finally {
    await client.close();
  }
}

/** Milliseconds until a worker has taken the job that waits for it. */
async function startWorker({ redisUrl, folder, signal, createLauncher }: ChatBench): Promise<number> {
  await using launcher = createLauncher();
  const entries = Object.entries(servers(folder));
  const config = entries.map(([name, server]) => [name, { transport_type: "stdio", config: server }]);
  const configFile = join(folder, "three-servers.json");
  await writeFile(configFile, JSON.stringify({ mcp_servers: Object.fromEntries(config) }));
  const shared = { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: "bench-start", LOG_LEVEL: "warn" };
  const { port } = await startApi(launcher.launch, { name: "start-api", environment: shared, signal });
  const job = Promise.withResolvers<{ started_at: string }>();
  const target: Target = {
    side: "system",
    port,
    headers: { "content-type": "application/json", prefer: "wait=30" },
    body: JSON.stringify({ type: "tool", server: "everything", tool: "echo", arguments: { message: "" } }),
    check: (status, text) => {
      if (status !== 200) throw new Error(`the first job of a worker: ${status} ${text.slice(0, 500)}`);
      job.resolve(JSON.parse(text) as { started_at: string });
    },
    processIds: { api: 0, worker: 0 },
  };
  const sent = sendJob(target, { signal });
  const launchedAt = Date.now();
  await launcher.launch({
    name: "start-worker",
    program: "apps/worker/src/main.ts",
    environment: {
      // As `npm run start:worker` has it.
      NODE_COMPILE_CACHE: ".millrace/compile-cache",
      ...shared,
      MCP_CONFIG_FILE: configFile,
    },
  });
  await sent;
  return Date.parse((await job.promise).started_at) - launchedAt;
}
