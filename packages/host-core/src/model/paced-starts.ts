/** A start takes about a millisecond: the SDK builds its request, a connection opens. */
const STARTS_IN_A_TURN = 4;

/**
 * Resolves when the caller may start, a few callers in each turn of the event loop. When a thousand answers are asked
 * for at the same moment, heartbeats and streams that are under way get their turns in between.
 */
export function createPacedStarts(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const startSome = () => {
    for (const start of waiting.splice(0, STARTS_IN_A_TURN)) start();
    if (waiting.length > 0) setImmediate(startSome);
  };
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(startSome);
    return promise;
  };
}
