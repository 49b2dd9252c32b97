import type { JobStep } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import type { ModelDelta } from "../model/model.ts";
import { Pacer } from "./pacer.ts";

const INTERVAL_MS = 50;
/** Characters that are not held back any longer. */
const LENGTH_MAX = 16 * 1_024;

export interface DeltaBufferOptions {
  turn: number;
  clock: Clock;
  /** Resolves when the step has been written, or cannot be. */
  write: (step: JobStep) => Promise<void>;
}

/**
 * Writes what a model says piece by piece: the first piece at once, later ones together for at most 50 ms. When the
 * store is slower than that, pieces are put together for as long as the one before is being written: many streams at
 * once make larger pieces then, not a longer queue.
 */
export class DeltaBuffer {
  readonly #turn: number;
  readonly #write: (step: JobStep) => Promise<void>;
  readonly #pacer: Pacer;
  #type: ModelDelta["type"] = "text";
  #text = "";
  #isStopped = false;
  #hasWritten = false;
  #isWriting = false;

  constructor({ turn, clock, write }: DeltaBufferOptions) {
    this.#turn = turn;
    this.#write = write;
    this.#pacer = new Pacer(INTERVAL_MS, clock, () => this.#isWriting || this.#flush());
  }

  /** Whether a reader of the log has seen any of it. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  add({ type, text }: ModelDelta): void {
    if (this.#isStopped || text === "") return;
    if (type !== this.#type) this.#flush();
    this.#type = type;
    this.#text += text;
    if (this.#text.length >= LENGTH_MAX) this.#flush();
    else this.#pacer.ask();
  }

  /** Takes out what is not written yet. */
  drain(): JobStep[] {
    if (this.#text === "") return [];
    const text = this.#text;
    this.#text = "";
    return [{ type: `${this.#type}.delta`, turn: this.#turn, text }];
  }

  /** Drops what is not written yet, and all that comes later. */
  stop(): void {
    this.#isStopped = true;
    this.#text = "";
    this.#pacer.stop();
  }

  #flush(): void {
    for (const step of this.drain()) void this.#writeStep(step);
  }

  async #writeStep(step: JobStep): Promise<void> {
    this.#hasWritten = true;
    this.#isWriting = true;
    await this.#write(step);
    this.#isWriting = false;
    if (this.#text !== "") this.#pacer.ask();
  }
}
