import { createHash } from "node:crypto";

/** Numbers that look random and follow from a seed alone. Streams of other names are independent of each other. */
export class Random {
  readonly #source: string;
  #count = 0;

  constructor(seed: string, stream: string) {
    this.#source = `${seed}/${stream}`;
  }

  /** From 0, below 1. */
  share(): number {
    this.#count += 1;
    const digest = createHash("sha256").update(`${this.#source}/${this.#count}`).digest();
    return digest.readUIntBE(0, 6) / 2 ** 48;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.share() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.share() < probability;
  }

  pick<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.between(0, values.length - 1)] ?? values[0];
  }

  shuffled<Value>(values: readonly Value[]): Value[] {
    return values
      .map((value) => ({ value, place: this.share() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ value }) => value);
  }
}
