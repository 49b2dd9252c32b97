import { readFileSync } from "node:fs";
import type { ClientContext, Redis, Result } from "ioredis";

/** Of each script its keys, all of one hash slot, and its files; what it does stands in the last. */
const SCRIPTS = {
  millraceCreateJob: { keys: 2, files: ["create-job"] },
  millraceDeletePartial: { keys: 2, files: ["delete-partial"] },
  millraceReopen: { keys: 2, files: ["reopen"] },
  millraceClaim: { keys: 2, files: ["claim"] },
  millraceStep: { keys: 2, files: ["end-job", "step"] },
  millraceEndWaiting: { keys: 2, files: ["end-job", "end-waiting"] },
  millraceRequestCancel: { keys: 2, files: ["request-cancel"] },
  millraceDecideApproval: { keys: 2, files: ["decide-approval"] },
  millraceBeginCoolDown: { keys: 1, files: ["begin-cool-down"] },
} as const;

type Values = (string | number)[];

declare module "ioredis" {
  interface RedisCommander<Context extends ClientContext = { type: "default" }> {
    millraceDeletePartial(record: string, log: string): Result<0 | 1, Context>;
    millraceReopen(record: string, log: string, ...values: Values): Result<number, Context>;
    millraceClaim(record: string, log: string, ...values: Values): Result<ClaimReply, Context>;
    millraceStep(record: string, log: string, ...values: Values): Result<number, Context>;
    millraceEndWaiting(record: string, log: string, ...values: Values): Result<EndWaitingReply, Context>;
    millraceRequestCancel(record: string, log: string, ...values: Values): Result<string, Context>;
    millraceDecideApproval(record: string, log: string, ...values: Values): Result<DecideReply, Context>;
    millraceBeginCoolDown(coolDown: string, ...values: Values): Result<0 | 1, Context>;
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
      logLength: number,
      cancelRequested: 0 | 1,
      crashes: number,
      isUnknown: 0 | 1,
      attemptsBefore: number,
    ]
  | ["missing" | "terminal" | "stale" | "overdue" | "crash_loop"];

type EndWaitingReply = "ended" | "missing" | "terminal" | "changed";

type DecideReply = [
  outcome: "decided" | "missing" | "unknown" | "before" | "expired" | "ended",
  isDue: 0 | 1,
];

const read = (file: string): string => readFileSync(new URL(`scripts/${file}.lua`, import.meta.url), "utf8");

const definitions = Object.entries(SCRIPTS).map(
  ([name, { keys, files }]) => [name, { numberOfKeys: keys, lua: files.map(read).join("\n") }] as const,
);

/** Makes the scripts commands of this connection. */
export function defineScripts(redis: Redis): void {
  for (const [name, definition] of definitions) redis.defineCommand(name, definition);
}
