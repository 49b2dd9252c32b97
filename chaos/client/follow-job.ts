import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";

/** A stream says something every 15 s; after a longer silence its api is taken for dead. */
const SILENCE_MS = 20_000;
/** What the api tells an EventSource to wait. */
const RETRY_MS = 1_000;

/** One event as a reader got it. */
interface SeenEvent {
  id: number;
  type: string;
  /** The text of `data`. */
  data: string;
}

export interface SeenStream {
  events: SeenEvent[];
  /** How often the reader came back with its last id. */
  reconnects: number;
  /** The job was not there any more. */
  isGone: boolean;
  /** What the reader cannot explain. */
  complaint: string | null;
}

const TERMINAL = /^job\.(?:completed|failed|cancelled)$/;

/** Reads a job's events as a stream until the terminal one, and comes back with its last id whenever it breaks. */
export async function followJob(client: ApiClient, jobId: string, signal: AbortSignal): Promise<SeenStream> {
  const seen: SeenStream = { events: [], reconnects: 0, isGone: false, complaint: null };
  for (let attempt = 0; !signal.aborted && seen.complaint === null; attempt += 1) {
    if (attempt > 0) {
      seen.reconnects += 1;
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
    if (await readOnce(client, jobId, seen, signal)) break;
  }
  return seen;
}

/** True when there is nothing more to come. */
async function readOnce(
  client: ApiClient,
  jobId: string,
  seen: SeenStream,
  signal: AbortSignal,
): Promise<boolean> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  const last = seen.events.at(-1);
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (last) headers["last-event-id"] = String(last.id);
  try {
    const response = await fetch(`${client.nextUrl()}/jobs/${jobId}/events`, {
      headers,
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 204) return true;
    if (response.status !== 200 || !response.body) {
      const text = await response.text();
      seen.isGone = response.status === 404;
      if (response.status !== 503) seen.complaint = `its stream answered ${response.status}: ${text}`;
      return false;
    }
    let rest = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block, seen);
    }
    // A stream that ends without the terminal event belongs to an api that stops.
    return TERMINAL.test(seen.events.at(-1)?.type ?? "");
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

const FRAME = /^id: (?<id>\d+)\nevent: (?<type>[a-z.]+)\ndata: (?<data>.*)$/;

function take(block: string, seen: SeenStream): void {
  if (block.startsWith(":") || block.startsWith("retry:")) return;
  const { id, type = "", data = "" } = FRAME.exec(block)?.groups ?? {};
  if (id === undefined) seen.complaint ??= `its stream held what is no event: ${block.slice(0, 200)}`;
  else seen.events.push({ id: Number(id), type, data });
}
