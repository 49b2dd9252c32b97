import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import getPort from "get-port";
import { SERVER_NAME } from "../echo-job.ts";
import type { Launch, RunningProgram } from "../launcher.ts";
import { sendJob } from "../send-job.ts";
import { startApi } from "../start-api.ts";
import type { Target } from "../target.ts";
import type { ChatBench } from "./chat-bench.ts";
import type { Task } from "./task.ts";

const MODEL_ALIAS = "bench";
const MODEL_KEY = "bench";

/** As many jobs at once as a worker is measured with, and calls of their tools too. */
const CONCURRENCY = "1000";

/** A finished job, as far as the bench looks at it. */
export interface FinishedJob {
  readonly id: string;
  readonly status: string;
  readonly started_at: string;
  readonly finished_at: string;
}

export interface ChatSystem {
  readonly port: number;
  readonly model: RunningProgram;
  readonly api: RunningProgram;
  readonly worker: RunningProgram;
  /** Where jobs with this task go that are waited for; `onFinished` is given each. */
  readonly target: (task: Task, onFinished?: (job: FinishedJob) => void) => Target;
}

/** Starts an api, a worker and the bench's model; resolves once they have run a chat job, which loads the model's SDK. */
export async function startChatSystem(
  launch: Launch,
  { redisUrl, folder, signal }: ChatBench,
): Promise<ChatSystem> {
  const modelPort = await getPort({ host: "127.0.0.1" });
  const model = await launch({
    name: "chat-model",
    program: "bench/programs/model.ts",
    environment: { PORT: String(modelPort) },
  });
  const shared = {
    REDIS_URL: redisUrl,
    REDIS_KEY_PREFIX: "bench-chat",
    LOG_LEVEL: "warn",
    ANTHROPIC_API_KEY: MODEL_KEY,
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${modelPort}`,
    ...(await writeConfiguration(folder)),
  };
  const { port, api } = await startApi(launch, { name: "chat-api", environment: shared, signal });
  const worker = await launch({
    name: "chat-worker",
    program: "apps/worker/src/main.ts",
    environment: { ...shared, CHAT_CONCURRENCY: CONCURRENCY, MCP_MAX_CONCURRENT_TOOLS: CONCURRENCY },
  });
  const processIds = { api: api.processId, worker: worker.processId };
  const target = (task: Task, onFinished?: (job: FinishedJob) => void): Target => ({
    side: "system",
    port,
    headers: { "content-type": "application/json", prefer: "wait=30" },
    body: chatRequest(task),
    check: (status, text) => {
      const job = readFinished(status, text);
      onFinished?.(job);
    },
    processIds,
  });
  await sendJob(target({ do: "wait", forMs: 0 }), { signal });
  return { port, model, api, worker, target };
}

/** A chat job with this task, as JSON. It is offered all tools, as jobs are by default. */
export function chatRequest(task: Task, fields: { delay_ms?: number } = {}): string {
  const turns = task.do === "call" ? { max_tool_iterations: task.turns + 1 } : {};
  const message = JSON.stringify(task);
  return JSON.stringify({ type: "chat", model: MODEL_ALIAS, message, ...turns, ...fields });
}

async function writeConfiguration(folder: string): Promise<Record<string, string>> {
  const serversFile = join(folder, "chat-mcp-servers.json");
  const config = { command: process.execPath, args: [FIXTURE_STDIO_PROGRAM] };
  const servers = { mcp_servers: { [SERVER_NAME]: { transport_type: "stdio", config } } };
  await writeFile(serversFile, JSON.stringify(servers));
  const modelsFile = join(folder, "models.json");
  const models = { models: { [MODEL_ALIAS]: { provider: "anthropic", model: "bench" } } };
  await writeFile(modelsFile, JSON.stringify(models));
  return { MCP_CONFIG_FILE: serversFile, MODELS_CONFIG_FILE: modelsFile };
}

function readFinished(status: number, text: string): FinishedJob {
  const job = status === 200 ? (JSON.parse(text) as FinishedJob) : null;
  if (job?.status !== "completed") throw new Error(`a chat job: ${status} ${text.slice(0, 500)}`);
  return job;
}
