import { once } from "node:events";
import { get as startRequest, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { Worker } from "@millrace/contracts";
import type { StartSettings } from "./settings.ts";

const POLL_MS = 100;
const REQUEST_TIMEOUT_MS = 2_000;
const REMIND_AFTER_MS = 15_000;
const WORKER = { waitingFor: "the worker to report" };

/** What the start still waits for; then the connected servers of its worker, or null when they cannot be asked for. */
type Readiness = { waitingFor: string } | { servers: readonly string[] | null };

/**
 * Waits until the api is ready and the worker of this start has no server that is still connecting, so that the first
 * job which is pasted finds its tools. A server that failed does not hold it up.
 *
 * Resolves with the names of the worker's servers that are connected; null when no key is known to ask for them with.
 *
 * @param startedAt Wall time at which the worker was launched. It tells our worker from others on the same Redis.
 */
export async function untilReady(
  settings: StartSettings,
  startedAt: Date,
  signal: AbortSignal,
  onSlow: (waitingFor: string) => void,
): Promise<readonly string[] | null> {
  const remindAt = performance.now() + REMIND_AFTER_MS;
  let reminded = false;
  for (;;) {
    const readiness = await look(settings, startedAt, signal);
    if ("servers" in readiness) return readiness.servers;
    if (!reminded && performance.now() > remindAt) {
      reminded = true;
      onSlow(readiness.waitingFor);
    }
    await setTimeout(POLL_MS, undefined, { signal });
  }
}

async function look(
  { apiUrl, apiKey, needsKey }: StartSettings,
  startedAt: Date,
  signal: AbortSignal,
): Promise<Readiness> {
  const ready = (await get(`${apiUrl}/health/ready`, undefined, signal)) as { workers: number } | undefined;
  if (ready === undefined) return { waitingFor: `${apiUrl}/health/ready` };
  // Where all keys are hashes, there is none to ask for the worker's servers with.
  if (needsKey && apiKey === undefined) return ready.workers > 0 ? { servers: null } : WORKER;

  const answer = await get(`${apiUrl}/workers`, apiKey, signal);
  const { workers } = (answer ?? { workers: [] }) as { workers: Worker[] };
  const own = workers.find((worker) => new Date(worker.started_at) >= startedAt);
  if (own === undefined) return WORKER;
  const names = (wanted: string) => Object.keys(own.servers).filter((name) => own.servers[name] === wanted);
  const connecting = names("connecting");
  if (connecting.length > 0) return { waitingFor: `MCP servers: ${connecting.join(", ")}` };
  return { servers: names("connected") };
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
