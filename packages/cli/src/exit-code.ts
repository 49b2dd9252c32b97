/** What the command line's exit codes mean. */
export const EXIT = {
  ok: 0,
  /** The job, or one of a batch, has failed or was cancelled; or a line of the batch was rejected. */
  jobFailed: 1,
  /** The command is wrong, a file cannot be read or written, or the api has refused the request. */
  refused: 2,
  /** The api does not answer. */
  unreachable: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
