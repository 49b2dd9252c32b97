import type { ChatBench } from "./chat-bench.ts";
import { chatRequest } from "./chat-system.ts";
import { openEventStream, type EventStream } from "./event-stream.ts";
import { inLanes } from "./lanes.ts";
import { readSentTimes } from "./sent-times.ts";
import { sharedNow } from "./task.ts";

/** Streams that are being opened at the same time. */
const OPENING_AT_ONCE = 50;

/** When a delta was sent and how long it took to arrive, in milliseconds. */
interface Arrival {
  readonly sentAt: number;
  readonly tookMs: number;
}

/** Streams of as many chat jobs, whose model speaks until it is told to finish. */
export class SpokenDeltas {
  readonly arrivals: Arrival[] = [];
  /** Answers that the worker has taken back, to ask for them again. */
  discarded = 0;
  readonly #streams: EventStream[] = [];

  /** Resolves when each stream has brought its first delta. */
  async open({ sizes, signal }: ChatBench, port: number, everyMs: number): Promise<void> {
    const body = chatRequest({ do: "speak", everyMs });
    await inLanes(sizes.speaking.streams, OPENING_AT_ONCE, async () => {
      const spoken = Promise.withResolvers<void>();
      const onEvent = (data: string) => {
        if (this.#receive(data)) spoken.resolve();
      };
      const stream = await openEventStream({ port, method: "POST", path: "/jobs", body, signal, onEvent });
      this.#streams.push(stream);
      await Promise.race([spoken.promise, endedTooSoon(stream)]);
    });
  }

  /** Resolves when all jobs have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#streams.map(({ ended }) => ended));
  }

  /** Whether this event was a delta. */
  #receive(data: string): boolean {
    const arrivedAt = sharedNow();
    const event = JSON.parse(data) as { type: string; text?: string };
    if (event.type === "turn.discarded") this.discarded += 1;
    if (event.type !== "text.delta") return false;
    for (const sentAt of readSentTimes(event.text ?? "")) {
      this.arrivals.push({ sentAt, tookMs: arrivedAt - sentAt });
    }
    return true;
  }
}

async function endedTooSoon({ ended }: EventStream): Promise<never> {
  await ended;
  throw new Error("a stream ended before it brought a delta");
}
