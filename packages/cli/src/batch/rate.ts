const WINDOW_MS = 10_000;

/** How fast something gets on, over the last ten seconds. */
export class Rate {
  readonly #samples: { at: number; done: number }[] = [];

  /** `at` is in milliseconds of a clock that never jumps. */
  add(done: number, at: number): void {
    this.#samples.push({ at, done });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) <= at - WINDOW_MS) this.#samples.shift();
  }

  /** Null until there is something to judge by. */
  get perSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.at === first.at) return null;
    return ((last.done - first.done) * 1_000) / (last.at - first.at);
  }

  /** Seconds until `rest` more is done; null when that cannot be said. */
  secondsFor(rest: number): number | null {
    const rate = this.perSecond;
    return rate === null || rate <= 0 ? null : rest / rate;
  }
}
