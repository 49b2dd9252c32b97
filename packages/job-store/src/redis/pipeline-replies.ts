import { StoreUnavailableError } from "./unavailable.ts";

/**
 * Unwraps a pipeline's replies; the first failed command fails them all.
 * @throws StoreUnavailableError when the connection was closed.
 */
export function pipelineReplies(replies: [Error | null, unknown][] | null): unknown[] {
  if (!replies) throw new StoreUnavailableError("the connection was closed");
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
