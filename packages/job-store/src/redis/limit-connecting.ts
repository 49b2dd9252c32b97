import type { Redis } from "ioredis";
import { startPatience } from "./patience.ts";

/** What follows a try to connect; the last one at once where it was given up before it had a socket. */
const SETTLED = ["connect", "close", "end"];

/**
 * Gives up every try to connect that lasts longer than `limitMs`. The `connectTimeout` of ioredis counts the time in
 * which this process stood still, and would give up a Redis that has let it in meanwhile: it stays off.
 */
export function limitConnecting(redis: Redis, limitMs: number): void {
  redis.on("connecting", () => {
    const patience = startPatience(limitMs, () => redis.stream.destroy(timedOut()));
    const settled = (): void => {
      patience[Symbol.dispose]();
      for (const event of SETTLED) redis.off(event, settled);
    };
    for (const event of SETTLED) redis.once(event, settled);
  });
}

/** As ioredis names it. */
function timedOut(): Error {
  return Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" });
}
