/** Redis did not answer in time, or refuses to write. Whether the command took effect is unknown. */
export class StoreUnavailableError extends Error {
  constructor(cause: unknown) {
    super("Redis does not answer", { cause });
    this.name = "StoreUnavailableError";
  }
}

/** Error replies that mean "not now": loading, a failover, a cluster without that slot, no memory. */
const TRANSIENT_REPLY =
  /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM|UNBLOCKED)\b/;
const CONNECTION_MESSAGE =
  /Command timed out|Connection is closed|Stream isn't writeable|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|Socket/;

/** Turns what ioredis throws while Redis is away into one error; other errors pass. */
function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || !(error instanceof Error)) return error;
  const away =
    TRANSIENT_REPLY.test(error.message) ||
    CONNECTION_MESSAGE.test(error.message) ||
    error.name === "MaxRetriesPerRequestError";
  return away ? new StoreUnavailableError(error) : error;
}

/** Runs commands of a request; rejects with {@link StoreUnavailableError} while Redis is away. */
export async function withStore<Value>(commands: () => Promise<Value>): Promise<Value> {
  try {
    return await commands();
  } catch (error) {
    throw asStoreError(error);
  }
}

/** Unwraps a pipeline's replies; the first failed command fails them all. */
export function pipelineReplies(replies: [Error | null, unknown][] | null): unknown[] {
  if (!replies) throw new Error("Connection is closed.");
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
