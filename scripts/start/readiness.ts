import { once } from "node:events";
import { get as startRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { Worker } from "@millrace/contracts";
import type { StartSettings } from "./settings.ts";

const POLL_MS = 100;
const REQUEST_TIMEOUT_MS = 2_000;
const REMIND_AFTER_MS = 15_000;

/**
 * Waits until the api is ready and the worker of this start has no server that is still connecting, so that the first
 * job which is pasted finds its tools. A server that failed does not hold it up.
 *
 * @param startedAt Wall time at which the worker was launched. It tells our worker from others on the same Redis.
 */
export async function untilReady(
  settings: StartSettings,
  startedAt: Date,
  signal: AbortSignal,
  onSlow: (waitingFor: string) => void,
): Promise<void> {
  const remindAt = performance.now() + REMIND_AFTER_MS;
  let reminded = false;
  for (;;) {
    const waitingFor = await whatIsMissing(settings, startedAt, signal);
    if (waitingFor === undefined) return;
    if (!reminded && performance.now() > remindAt) {
      reminded = true;
      onSlow(waitingFor);
    }
    await setTimeout(POLL_MS, undefined, { signal });
  }
}

async function whatIsMissing(
  { apiUrl, apiKey, needsKey }: StartSettings,
  startedAt: Date,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ready = (await get(`${apiUrl}/health/ready`, undefined, signal)) as { workers: number } | undefined;
  if (ready === undefined) return `${apiUrl}/health/ready`;
  // Where all keys are hashes, there is none to ask for the worker's servers with.
  if (needsKey && apiKey === undefined) return ready.workers > 0 ? undefined : "the worker to report";

  const answer = await get(`${apiUrl}/workers`, apiKey, signal);
  const { workers } = (answer ?? { workers: [] }) as { workers: Worker[] };
  const own = workers.find((worker) => new Date(worker.started_at) >= startedAt);
  if (own === undefined) return "the worker to report";
  const connecting = Object.entries(own.servers).filter(([, status]) => status === "connecting");
  return connecting.length === 0 ? undefined : `MCP servers: ${connecting.map(([name]) => name).join(", ")}`;
}

/** The body of a 200; undefined for everything else. Unlike `fetch`, it asks on every port. */
async function get(url: string, apiKey: string | undefined, signal: AbortSignal): Promise<unknown> {
  try {
    const request = startRequest(url, {
      agent: false,
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    // Once the answer has begun, its body fails too.
    request.on("error", () => undefined);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const body = await text(response);
    return response.statusCode === 200 ? JSON.parse(body) : undefined;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
