/** Waits for `promise`, `timeoutMs` at most; false when the time was over first. Its rejection counts as settled. */
export async function settlesWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const timeIsOver = Promise.withResolvers<false>();
  const timer = setTimeout(() => timeIsOver.resolve(false), timeoutMs);
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, timeIsOver.promise]);
  } finally {
    clearTimeout(timer);
  }
}
