import { EXIT } from "./exit-code.ts";

/** The terminal and npx may both pass one Ctrl-C on: within this time it counts once. In milliseconds. */
const SAME_MS = 1_000;

/** At the first Ctrl-C `handle` is called; at the next one the process ends. Disposed of, Ctrl-C is as before. */
export function onInterrupt(handle: () => void): Disposable {
  let firstAt: number | null = null;
  const listener = (): void => {
    if (firstAt === null) {
      firstAt = performance.now();
      handle();
    } else if (performance.now() - firstAt > SAME_MS) {
      process.exit(EXIT.interrupted);
    }
  };
  process.on("SIGINT", listener);
  return { [Symbol.dispose]: () => void process.off("SIGINT", listener) };
}
