import type { JobStep } from "@millrace/contracts";
import type { Clock } from "../clock.ts";
import type { ToolProgress } from "../connection/connection.ts";
import { Pacer } from "./pacer.ts";
import type { CallName } from "./agent-state.ts";

const INTERVAL_MS = 100;

/** Writes how far a call has come, the latest report at most once in 100 ms. */
export class ProgressWriter {
  readonly #name: CallName;
  readonly #pacer: Pacer;
  #latest: ToolProgress | null = null;
  #isStopped = false;

  constructor(name: CallName, clock: Clock, write: (step: JobStep) => void) {
    this.#name = name;
    this.#pacer = new Pacer(INTERVAL_MS, clock, () => {
      for (const step of this.drain()) write(step);
    });
  }

  add(report: ToolProgress): void {
    if (this.#isStopped) return;
    this.#latest = report;
    this.#pacer.ask();
  }

  /** Takes out the report that is not written yet. */
  drain(): JobStep[] {
    if (this.#latest === null) return [];
    const { progress, total = null, message = null } = this.#latest;
    this.#latest = null;
    return [{ type: "tool.progress", ...this.#name, progress, total, message }];
  }

  /** Drops what is not written yet, and all that comes later. */
  stop(): void {
    this.#isStopped = true;
    this.#latest = null;
    this.#pacer.stop();
  }
}
