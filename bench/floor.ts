import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import getPort from "get-port";
import { echoRequest, isEcho } from "./echo-job.ts";
import type { Launch } from "./launcher.ts";
import type { Target } from "./target.ts";
import { untilReady } from "./until-ready.ts";

/** Starts the floor; resolves once it has run a job. */
export async function startFloor(launch: Launch, redisUrl: string, signal: AbortSignal): Promise<Target> {
  const port = await getPort({ host: "127.0.0.1" });
  const api = await launch({
    name: "floor-api",
    program: "bench/floor/api.ts",
    environment: { REDIS_URL: redisUrl, PORT: String(port) },
  });
  const worker = await launch({
    name: "floor-worker",
    program: "bench/floor/worker.ts",
    environment: { REDIS_URL: redisUrl, MCP_SERVER_PROGRAM: FIXTURE_STDIO_PROGRAM },
  });
  const target: Target = {
    side: "floor",
    port,
    headers: { "content-type": "application/json" },
    body: echoRequest(),
    check,
    processIds: { api: api.processId, worker: worker.processId },
  };
  await untilReady(target, signal);
  return target;
}

function check(status: number, text: string): void {
  const result = status === 200 ? (JSON.parse(text) as { content?: unknown }) : {};
  if (!isEcho(result.content)) throw new Error(`the floor answered ${status}: ${text.slice(0, 500)}`);
}
