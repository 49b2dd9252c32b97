import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import { echoRequest, isEcho, SERVER_NAME } from "./echo-job.ts";
import type { Launch } from "./launcher.ts";
import { sendJob } from "./send-job.ts";
import { startApi } from "./start-api.ts";
import type { Target } from "./target.ts";

/** Of the keys in Redis. The floor has BullMQ's own, so the two never meet. */
export const KEY_PREFIX = "bench";

/** As many calls at once as there are jobs at once, which is what the floor does. */
const CONCURRENCY = "50";

/** Starts the real api and worker; resolves once they have run a job. `folder` takes the server configuration. */
export async function startSystem(
  launch: Launch,
  redisUrl: string,
  folder: string,
  signal: AbortSignal,
): Promise<Target> {
  const configFile = join(folder, "mcp-servers.json");
  await writeFile(configFile, serverConfiguration());
  const shared = { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: KEY_PREFIX, LOG_LEVEL: "warn" };
  const { port, api } = await startApi(launch, { name: "system-api", environment: shared, signal });
  const worker = await launch({
    name: "system-worker",
    program: "apps/worker/src/main.ts",
    environment: {
      ...shared,
      MCP_CONFIG_FILE: configFile,
      MCP_MAX_CONCURRENT_TOOLS: CONCURRENCY,
      TOOL_CONCURRENCY: CONCURRENCY,
    },
  });
  const target: Target = {
    side: "system",
    port,
    headers: { "content-type": "application/json", prefer: "wait=30" },
    body: echoRequest(),
    check,
    processIds: { api: api.processId, worker: worker.processId },
  };
  await sendJob(target, { signal });
  return target;
}

function serverConfiguration(): string {
  const config = { command: process.execPath, args: [FIXTURE_STDIO_PROGRAM] };
  return JSON.stringify({ mcp_servers: { [SERVER_NAME]: { transport_type: "stdio", config } } });
}

function check(status: number, text: string): void {
  const job = status === 200 ? (JSON.parse(text) as { status?: string; result?: { content?: unknown } }) : {};
  if (job.status !== "completed" || !isEcho(job.result?.content)) {
    throw new Error(`the system answered ${status}: ${text.slice(0, 500)}`);
  }
}
