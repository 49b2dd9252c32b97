import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { echoRequest } from "../echo-job.ts";

const CHUNK = 500;

/** Where batches go. */
export interface BatchTarget {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface SentBatch {
  id: string;
  accepted: number;
}

/** So many lines of the bench's job, made as they are sent: whoever sends them shares the machine with what is measured. */
function* lines(count: number, onSent: (sent: number) => void): Generator<Buffer> {
  const line = `${echoRequest()}\n`;
  const chunk = Buffer.from(line.repeat(CHUNK));
  for (let sent = 0; sent < count; sent += CHUNK) {
    onSent(sent);
    yield count - sent >= CHUNK ? chunk : Buffer.from(line.repeat(count - sent));
  }
}

/**
 * Sends a batch; resolves with its id once all of it is accepted. `onSent` hears, again and again, how many lines have gone.
 * @throws Error when not every line is.
 */
export async function sendBatch(
  { port, headers }: BatchTarget,
  count: number,
  onSent: (sent: number) => void = () => undefined,
): Promise<string> {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    path: "/batches",
    method: "POST",
    headers: { ...headers, "content-type": "application/x-ndjson" },
  });
  const answered = once(outgoing, "response");
  await pipeline(Readable.from(lines(count, onSent)), outgoing);
  const [response] = (await answered) as [IncomingMessage];
  const text = (await response.toArray()).join("");
  const batch = response.statusCode === 202 ? (JSON.parse(text) as SentBatch) : null;
  if (batch?.accepted !== count) {
    throw new Error(
      `a batch of ${count} lines was answered with ${response.statusCode}: ${text.slice(0, 500)}`,
    );
  }
  return batch.id;
}

/** Waits until a batch has ended, by its events. */
export async function untilBatchEnds({ port, headers }: BatchTarget, id: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/batches/${id}/events`, { headers });
  const text = await response.text();
  if (!text.includes("event: batch.completed")) throw new Error(`batch ${id} has not completed`);
}
