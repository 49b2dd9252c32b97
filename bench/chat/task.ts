/** What the message of a job, as JSON, tells the bench's model to do. */
export type Task =
  /** Answers after so long. */
  | { readonly do: "wait"; readonly forMs: number }
  /** Says the time of each delta, at this pace, until the model is asked to finish. */
  | { readonly do: "speak"; readonly everyMs: number }
  /** Calls this tool in so many turns, then answers. */
  | { readonly do: "call"; readonly tool: string; readonly turns: number };

/** What the model has done since it was last asked. */
export interface ModelFigures {
  /** Time between the last byte of a request and the last byte of its answer, summed up. */
  answeringMs: number;
  /** Answers that were under way at the same moment, at most. */
  mostAtOnce: number;
  /** Deltas of those that speak. */
  deltas: number;
}

/**
 * Milliseconds on the machine's monotonic clock, which all of its processes share. `performance.timeOrigin` would
 * differ from process to process by what the wall clock was set in between.
 */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
