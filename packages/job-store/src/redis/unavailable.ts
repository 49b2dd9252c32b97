/** Errors with which Redis refuses to write until somebody mends the cause, by their first word. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  [
    "OOM",
    "Redis has no memory left and refuses to write: raise its maxmemory, or keep jobs for less long (JOB_RETENTION_SECONDS)",
  ],
  ["MISCONF", "Redis cannot write to its disk and refuses to write: its own log says why"],
]);

/**
 * Redis did not answer in time, or refuses to write. Whether the command took effect is unknown. The message is for who
 * runs Redis, and for clients.
 */
export class StoreUnavailableError extends Error {
  constructor(cause: unknown) {
    super(refusalOf(cause) ?? "Redis does not answer", { cause });
    this.name = "StoreUnavailableError";
  }
}

function refusalOf(cause: unknown): string | undefined {
  const [code = ""] = cause instanceof Error ? cause.message.split(" ", 1) : [];
  return REFUSALS.get(code);
}

/** Error replies that mean "not now": loading, a failover, a cluster without that slot, no memory, a long script. */
const TRANSIENT_REPLY =
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM|UNBLOCKED|BUSY)\b/;
const CONNECTION_MESSAGE =
  /Connection is closed|Command aborted|Stream isn't writeable|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|Socket|Cluster isn't ready|Cluster is ended|Too many Cluster redirections|startup nodes/;

/** Turns what ioredis throws while Redis is away into one error; other errors pass. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || !(error instanceof Error)) return error;
  const away =
    TRANSIENT_REPLY.test(error.message) ||
    CONNECTION_MESSAGE.test(error.message) ||
    error.name === "MaxRetriesPerRequestError";
  return away ? new StoreUnavailableError(error) : error;
}

/** Whether an error only says that Redis cannot be asked now. */
export function isRedisAway(error: unknown): boolean {
  return asStoreError(error) instanceof StoreUnavailableError;
}
