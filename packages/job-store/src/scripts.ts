import { readFileSync } from "node:fs";
import type { ClientContext, Redis, Result } from "ioredis";

/** Name and file of each script; what it does stands in its file. */
const SCRIPTS = { millraceClaim: "claim", millraceStep: "step" } as const;

declare module "ioredis" {
  interface RedisCommander<Context extends ClientContext = { type: "default" }> {
    millraceClaim(record: string, log: string, ...values: (string | number)[]): Result<ClaimReply, Context>;
    millraceStep(record: string, log: string, ...values: (string | number)[]): Result<number, Context>;
  }
}

type ClaimReply =
  | [
      "claimed",
      attempt: string,
      startedAt: string,
      remainingMs: number,
      deadline: string,
      queuedEvent: string | null,
    ]
  | ["missing" | "terminal" | "stale"];

const sources = Object.entries(SCRIPTS).map(
  ([name, file]) => [name, readFileSync(new URL(`scripts/${file}.lua`, import.meta.url), "utf8")] as const,
);

/** Makes the scripts commands of this connection; each works on a job's record and log. */
export function defineScripts(redis: Redis): void {
  for (const [name, lua] of sources) redis.defineCommand(name, { numberOfKeys: 2, lua });
}
