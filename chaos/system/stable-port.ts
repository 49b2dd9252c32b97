import { randomInt } from "node:crypto";
import getPort, { portNumbers } from "get-port";

/** Below the ports that systems give to outgoing connections: Linux from 32,768, others from 49,152. */
const FIRST = 20_000;
const LAST = 30_000;
const TRIED = 100;

/** A free port that no connection takes by chance while its server is down for a moment. */
export function stablePort(): Promise<number> {
  const first = randomInt(FIRST, LAST - TRIED);
  return getPort({ host: "127.0.0.1", port: portNumbers(first, first + TRIED) });
}
