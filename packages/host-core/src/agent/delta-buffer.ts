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
  write: (step: JobStep) => void;
}

/** Writes what a model says piece by piece: the first piece at once, later ones together for at most 50 ms. */
export class DeltaBuffer {
  readonly #turn: number;
  readonly #write: (step: JobStep) => void;
  readonly #pacer: Pacer;
  #type: ModelDelta["type"] = "text";
  #text = "";
  #isStopped = false;
  #hasWritten = false;

  constructor({ turn, clock, write }: DeltaBufferOptions) {
    this.#turn = turn;
    this.#write = write;
    this.#pacer = new Pacer(INTERVAL_MS, clock, () => this.#flush());
  }

  /** Whether a reader of the log has seen any of it. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  add({ type, text }: ModelDelta): void {
    if (this.#isStopped || text === "") return;
    if (type !== this.#type && this.#text !== "") this.#pacer.runNow();
    this.#type = type;
    this.#text += text;
    if (this.#text.length >= LENGTH_MAX) this.#pacer.runNow();
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
    for (const step of this.drain()) {
      this.#hasWritten = true;
      this.#write(step);
    }
  }
}
