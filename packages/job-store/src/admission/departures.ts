import { DeferredSending } from "../deferred-sending.ts";
import type { Logger } from "../logger.ts";
import type { QueueEntry } from "../queue-entry.ts";
import type { Admission, Leaving } from "./admission.ts";
import { lineId, type LineName } from "./line-name.ts";

/** How long departures wait for others to go with, in milliseconds. */
const COLLECT_MS = { soon: 5, later: 100 };

/** So many that could wait do not wait for more. */
const ENOUGH = 20;

/** So many go together at the most. */
const TOGETHER_MAX = 500;

interface Waiting extends PromiseWithResolvers<void> {
  line: LineName;
  gone: Leaving[];
  back: QueueEntry[];
}

/**
 * Tells the lines which jobs have left BullMQ, together and a little later: nobody waits for it, and a job's end costs no
 * round trip of its own. What a crash or an outage loses, the sweeper finds.
 */
export class Departures {
  readonly #admission: Admission;
  readonly #logger: Logger;
  #waiting = new Map<string, Waiting>();
  /** Lines from which others came in when they were told last: there, jobs wait for places. */
  readonly #busy = new Set<string>();
  readonly #telling = new DeferredSending(() => this.#tellAll());

  constructor(admission: Admission, logger: Logger) {
    this.#admission = admission;
    this.#logger = logger;
  }

  /**
   * The job has ended or is parked. `later` is for those whose place nobody waits for, as far as is known. Resolves once its
   * line knows, or could not be told; never rejects.
   */
  leave(line: LineName, entry: Leaving, when: "soon" | "later" = "soon"): Promise<void> {
    const group = this.#of(line);
    group.gone.push(entry);
    if (when === "later" && group.gone.length >= ENOUGH) void this.flush();
    else this.#telling.within(COLLECT_MS[this.#busy.has(lineId(line)) ? "soon" : when]);
    return group.promise;
  }

  /** A job that was parked, or waited for its next attempt, runs again: it counts from now on. */
  comeBack(line: LineName, entry: QueueEntry): void {
    this.#of(line).back.push(entry);
    this.#telling.within(COLLECT_MS.soon);
  }

  /** Resolves once the lines know of all so far. Never rejects. */
  flush(): Promise<void> {
    return this.#telling.flush();
  }

  async #tellAll(): Promise<void> {
    const waiting = [...this.#waiting.values()];
    this.#waiting = new Map();
    await Promise.all(waiting.map((group) => this.#tell(group)));
  }

  #of(line: LineName): Waiting {
    const id = lineId(line);
    let group = this.#waiting.get(id);
    if (!group)
      this.#waiting.set(id, (group = { ...Promise.withResolvers<void>(), line, gone: [], back: [] }));
    return group;
  }

  async #tell({ line, gone, back, resolve }: Waiting): Promise<void> {
    try {
      do {
        const together = { gone: gone.splice(0, TOGETHER_MAX), back: back.splice(0, TOGETHER_MAX) };
        const fed = await this.#admission.leave(line, together);
        if (fed > 0) this.#busy.add(lineId(line));
        else this.#busy.delete(lineId(line));
      } while (gone.length > 0 || back.length > 0);
    } catch (error) {
      this.#logger.debug({ reason: String(error) }, "A line has not been told; the sweeper will look");
    }
    resolve();
  }
}
