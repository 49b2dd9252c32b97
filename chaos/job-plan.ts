import type { JobRequest } from "@millrace/contracts";
import { MCP_SERVERS } from "./fault.ts";
import { CHAT_ALIASES } from "./system/model-script.ts";
import { Random } from "./random.ts";

/**
 * `look` only reads, `put` is idempotent, `append` is neither; `append_retry` is `append` by a client that would rather
 * have it twice than not at all; `chat` makes calls of two of these kinds.
 */
export type JobKind = "look" | "put" | "append" | "append_retry" | "chat";

export interface PlannedJob {
  /** No other job has it: it is the job's idempotency key, and names its calls in the ledgers. */
  readonly key: string;
  /** Milliseconds after the first job. */
  readonly atMs: number;
  readonly kind: JobKind;
  readonly request: JobRequest;
  /** A reader follows its events. */
  readonly isFollowed: boolean;
  /** Milliseconds after which the client wants it stopped; null for most. */
  readonly cancelAfterMs: number | null;
  /** The client submits it once more although it was accepted, as one does that has not seen the answer. */
  readonly isRepeated: boolean;
}

/** Longer than any chain of faults takes. */
const TIMEOUT_MS = 300_000;

const KINDS: readonly [JobKind, ...JobKind[]] = [
  ...(["look", "look", "look"] as const),
  ...(["put", "put"] as const),
  ...(["append", "append", "append"] as const),
  "append_retry",
  ...(["chat", "chat", "chat"] as const),
];

export interface JobPlanOptions {
  readonly seed: string;
  readonly jobs: number;
  /** The jobs come at random times within so many milliseconds. */
  readonly durationMs: number;
  /** Of each job, in seconds. */
  readonly retentionSeconds: number;
}

/** What the client does. The same options always give the same plan. */
export function planJobs({ seed, jobs, durationMs, retentionSeconds }: JobPlanOptions): PlannedJob[] {
  const random = new Random(seed, "jobs");
  const plan = Array.from({ length: jobs }, (_, index) => {
    const key = `${seed}-${index}`;
    const kind = random.pick(KINDS);
    const isChat = kind === "chat";
    return {
      key,
      atMs: Math.round(random.share() * durationMs),
      kind,
      request: requestOf(kind, key, retentionSeconds, random),
      isFollowed: random.chance(isChat ? 0.6 : 0.2),
      cancelAfterMs: random.chance(0.06) ? random.between(0, 3_000) : null,
      isRepeated: random.chance(0.1),
    };
  });
  return plan.toSorted((a, b) => a.atMs - b.atMs);
}

function requestOf(kind: JobKind, key: string, retention_seconds: number, random: Random): JobRequest {
  const shared = { timeout_ms: TIMEOUT_MS, retention_seconds };
  if (kind === "chat") return { type: "chat", message: key, model: random.pick(CHAT_ALIASES), ...shared };
  const delay = random.chance(0.08) ? { delay_ms: random.between(100, 3_000) } : {};
  const call = { type: "tool", server: random.pick(MCP_SERVERS), ...shared, ...delay } as const;
  switch (kind) {
    case "look":
      return { ...call, tool: "look", arguments: { key, ms: random.between(0, 100) } };
    case "put":
      return { ...call, tool: "put", arguments: { key, ms: random.between(100, 4_000) }, attempts: 3 };
    case "append":
      return { ...call, tool: "append", arguments: { key, ms: random.between(0, 1_500) }, attempts: 2 };
    case "append_retry":
      return {
        ...call,
        tool: "append",
        arguments: { key, ms: random.between(0, 1_500) },
        on_unknown: "retry",
        attempts: 3,
      };
    default:
      return kind satisfies never;
  }
}
