import type { Host } from "@millrace/host-core";
import type { Logger } from "pino";

/** Resolves once no `required` server is missing, or when `signal` aborts. Says in the log what it waits for. */
export async function untilRequired(
  host: Pick<Host, "missing" | "onChange">,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  let told = "";
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    const missing = host.missing();
    if (missing.length === 0 || signal.aborted) {
      resolve();
      return;
    }
    if (missing.join() !== told)
      logger.warn({ servers: missing }, "Taking no jobs: waiting for required servers");
    told = missing.join();
  };
  signal.addEventListener("abort", look, { once: true });
  const stopListening = host.onChange(look);
  look();
  await promise;
  stopListening();
  signal.removeEventListener("abort", look);
}
