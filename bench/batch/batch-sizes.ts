/** How much the figures of batches measure. */
export interface BatchSizes {
  /** Lines of a batch that workers run, and how often each side does. */
  jobs: { lines: number; rounds: number };
  /** Lines that are only taken in, and how often each side does. */
  ingest: { lines: number; rounds: number };
  /** Lines of the upload over which the api's memory is watched. */
  memoryLines: number;
}

export const DEFAULT_BATCH_SIZES: BatchSizes = {
  jobs: { lines: 20_000, rounds: 2 },
  ingest: { lines: 50_000, rounds: 6 },
  memoryLines: 1_000_000,
};

export const SHORT_BATCH_SIZES: BatchSizes = {
  jobs: { lines: 400, rounds: 1 },
  ingest: { lines: 2_000, rounds: 2 },
  memoryLines: 10_000,
};
