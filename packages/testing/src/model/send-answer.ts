import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { CompleteAnswer } from "./answer.ts";
import type { WireAnswer } from "./wire-format.ts";

export interface Sending {
  readonly response: ServerResponse;
  /** Aborted when the connection ends before the answer. */
  readonly signal: AbortSignal;
  readonly headers: Record<string, string>;
}

/** Waits as the script says before the first byte of an answer. */
export async function waitForFirstByte(answer: CompleteAnswer, signal: AbortSignal): Promise<void> {
  if (answer.first_delay_ms > 0) await setTimeout(answer.first_delay_ms, undefined, { signal });
}

/**
 * Sends a successful answer at the script's pace, with the faults that it asks for.
 * @throws the signal's reason when the client closes the connection before the end.
 */
export async function sendAnswer(
  { response, signal, headers }: Sending,
  wire: WireAnswer,
  script: CompleteAnswer,
  malformed: string,
): Promise<void> {
  let waiting = wire.opening;
  // Without pauses everything goes in one write: a thousand connections at once stay cheap.
  const flush = async () => {
    const text = waiting;
    waiting = "";
    if (text !== "" && !response.write(text)) await once(response, "drain", { signal });
  };
  const isDue = (limit: number | undefined, sent: number) =>
    limit !== undefined && sent === Math.min(limit, wire.pieces.length);

  response.writeHead(200, { ...headers, "Content-Type": wire.contentType, "Cache-Control": "no-cache" });
  for (let sent = 0; sent <= wire.pieces.length; sent += 1) {
    if (isDue(script.malformed_after, sent)) waiting += malformed;
    if (isDue(script.cut_after, sent)) {
      response.write(waiting, () => response.destroy());
      return;
    }
    if (isDue(script.stall_after, sent)) {
      await flush();
      await once(response, "close", { signal });
      return;
    }
    if (sent > 0 && sent < wire.pieces.length && script.chunk_delay_ms > 0) {
      await flush();
      await setTimeout(script.chunk_delay_ms, undefined, { signal });
    }
    waiting += wire.pieces[sent] ?? "";
  }
  response.end(waiting + wire.closing);
}
