import { createRedisBackend, type BackendFactory } from "bullmq";

type Backend = ReturnType<typeof createRedisBackend>;

/**
 * BullMQ's Redis backend, for workers to which entries often come one at a time. BullMQ's loop looks for a further entry
 * after each, and its queue stays marked as if there were one, so that it is woken to look once more. Here the first
 * look after a wait asks in the same round trip whether anything is left. When nothing is, the mark goes, and the next
 * look is answered without Redis: the loop waits for the next mark.
 */
export const createQueueBackend: BackendFactory<Backend> = (name, options, connections) => {
  const backend = createRedisBackend(name, options, connections);
  const moveToActive = backend.moveToActive.bind(backend);
  const waitForJob = backend.waitForJob.bind(backend);
  const keys = ["wait", "prioritized", "delayed", "marker"].map((type) => backend.toKey(type));
  let hasWaited = false;
  let isEmpty = false;
  /** Looks and waits so far: what is heard of the queue after the next one has begun is old. */
  let steps = 0;

  async function unmarkIfEmpty(): Promise<void> {
    const step = steps;
    const client = await backend.client;
    const reply = await client.runCommand("millraceUnmarkEmptyQueue", keys);
    if (reply !== 1 || step !== steps) return;
    isEmpty = true;
    // The loop looks in this turn of the event loop, or has no place free.
    setImmediate(() => (isEmpty = false));
  }

  return Object.assign(backend, {
    waitForJob: async (timeoutSeconds: number): ReturnType<Backend["waitForJob"]> => {
      steps += 1;
      try {
        return await waitForJob(timeoutSeconds);
      } finally {
        // Not before: a job that ends meanwhile looks as well, beside the loop.
        hasWaited = true;
      }
    },
    moveToActive: async (token: string, workerName?: string): ReturnType<Backend["moveToActive"]> => {
      steps += 1;
      if (isEmpty) {
        isEmpty = false;
        return [];
      }
      const moved = moveToActive(token, workerName);
      if (hasWaited) {
        hasWaited = false;
        // It goes right behind. Where it fails, the loop looks again.
        unmarkIfEmpty().catch(() => undefined);
      }
      return await moved;
    },
  });
};
