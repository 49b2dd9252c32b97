import type { Bench } from "../bench.ts";
import type { BatchSizes } from "./batch-sizes.ts";

/** What each measurement of batches is given. */
export interface BatchBench extends Bench {
  readonly sizes: BatchSizes;
}
