/** Does something so many times, a few at the same moment. Rejects with the first failure. */
export async function inLanes(times: number, lanes: number, action: () => Promise<void>): Promise<void> {
  let left = times;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await action();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
