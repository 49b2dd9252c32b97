/** Of every method that waits for an answer. */
export interface SignalOption {
  /** Gives up; it never stops a job. */
  signal?: AbortSignal | undefined;
}
