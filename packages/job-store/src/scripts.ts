import { readFileSync } from "node:fs";
import type { ClientContext, Redis, Result } from "ioredis";

/** The scripts: how many keys each takes, all in one hash slot, and its files, of which the last says what it does. */
const SCRIPTS = {
  millraceCreateJob: { keys: 2, files: ["create-job"] },
  millraceKeepJob: { keys: 2, files: ["keep-job"] },
  millraceTakeBackJob: { keys: 2, files: ["take-back-job"] },
  millraceDeletePartial: { keys: 2, files: ["delete-partial"] },
  millraceTakeKey: { keys: 1, files: ["take-key"] },
  millraceReleaseKey: { keys: 1, files: ["release-key"] },
  millraceReopen: { keys: 3, files: ["approval-field", "append-event", "reopen"] },
  millraceUnmarkEmptyQueue: { keys: 4, files: ["unmark-empty-queue"] },
  millraceForgetTenant: { keys: 2, files: ["forget-tenant"] },
  millraceClaim: { keys: 3, files: ["now-ms", "terminal-status", "claim"] },
  millraceStep: { keys: 2, files: ["approval-field", "append-event", "end-job", "step"] },
  millraceEndWaiting: { keys: 2, files: ["terminal-status", "append-event", "end-job", "end-waiting"] },
  millraceRequestCancel: { keys: 2, files: ["request-cancel"] },
  millraceDecideApproval: {
    keys: 2,
    files: ["now-ms", "terminal-status", "approval-field", "append-event", "decide-approval"],
  },
  millraceBeginCoolDown: { keys: 1, files: ["begin-cool-down"] },
  millraceEnter: { keys: 1, files: ["now-ms", "line", "enter"] },
  millraceLeave: { keys: 1, files: ["now-ms", "line", "leave"] },
  millraceChangeSchedule: { keys: 4, files: ["change-schedule"] },
  millraceOpenDelivery: { keys: 3, files: ["now-ms", "expire-with-job", "open-delivery"] },
  millraceRecordDelivery: { keys: 3, files: ["now-ms", "expire-with-job", "record-delivery"] },
  millraceReplayDelivery: { keys: 3, files: ["now-ms", "expire-with-job", "replay-delivery"] },
  millraceSettleDeliveries: { keys: 3, files: ["now-ms", "expire-with-job", "settle-deliveries"] },
  millraceSettleNote: { keys: 1, files: ["settle-note"] },
  millraceRecordScheduleRun: { keys: 2, files: ["record-schedule-run"] },
  millraceBatchOpen: { keys: 6, files: ["now-ms", "batch-settle", "batch-open"] },
  millraceBatchAccept: { keys: 6, files: ["now-ms", "batch-settle", "batch-accept"] },
  millraceBatchConfirm: { keys: 6, files: ["now-ms", "batch-settle", "batch-confirm"] },
  millraceBatchWithdraw: { keys: 6, files: ["now-ms", "batch-settle", "batch-withdraw"] },
  millraceBatchClose: { keys: 6, files: ["now-ms", "batch-settle", "batch-close"] },
  millraceBatchEnded: { keys: 6, files: ["now-ms", "batch-settle", "batch-ended"] },
  millraceBatchReopened: { keys: 6, files: ["now-ms", "batch-settle", "batch-reopened"] },
  millraceBatchCancel: { keys: 6, files: ["now-ms", "batch-settle", "batch-cancel"] },
  millraceReadOutcome: { keys: 2, files: ["read-outcome"] },
  millraceReadLog: { keys: 1, files: ["read-log"] },
  millraceScanLog: { keys: 1, files: ["scan-log"] },
} as const;

type Values = (string | number)[];

declare module "ioredis" {
  interface RedisCommander<Context extends ClientContext = { type: "default" }> {
    millraceKeepJob(record: string, log: string): Result<0 | 1, Context>;
    millraceDeletePartial(record: string, log: string): Result<0 | 1, Context>;
    millraceTakeKey(key: string, ...values: Values): Result<string | null, Context>;
    millraceReopen(...keysAndValues: Values): Result<number, Context>;
    millraceForgetTenant(index: string, tenants: string, tenant: string): Result<0 | 1, Context>;
    millraceClaim(...keysAndValues: Values): Result<ClaimReply, Context>;
    millraceStep(record: string, log: string, ...values: Values): Result<number, Context>;
    millraceEndWaiting(record: string, log: string, ...values: Values): Result<EndWaitingReply, Context>;
    millraceRequestCancel(record: string, log: string, ...values: Values): Result<string, Context>;
    millraceDecideApproval(record: string, log: string, ...values: Values): Result<DecideReply, Context>;
    millraceBeginCoolDown(coolDown: string, ...values: Values): Result<0 | 1, Context>;
    millraceEnter(line: string, ...values: Values): Result<EnterReply, Context>;
    millraceLeave(line: string, ...values: Values): Result<LeaveReply, Context>;
    millraceChangeSchedule(
      schedules: string,
      runs: string,
      changes: string,
      tenants: string,
      ...values: Values
    ): Result<0 | 1, Context>;
    millraceOpenDelivery(...keysAndValues: Values): Result<string[], Context>;
    millraceRecordDelivery(...keysAndValues: Values): Result<0 | 1, Context>;
    millraceReplayDelivery(...keysAndValues: Values): Result<0 | 1, Context>;
    millraceSettleDeliveries(record: string, log: string, deliveries: string): Result<0 | 1, Context>;
    millraceSettleNote(notes: string, jobId: string, score: number): Result<0 | 1, Context>;
    millraceRecordScheduleRun(schedules: string, runs: string, ...values: Values): Result<0 | 1, Context>;
    millraceBatchOpen(...keysAndValues: Values): Result<BatchOpenReply, Context>;
    millraceBatchAccept(...keysAndValues: (string | number | Buffer)[]): Result<BatchAcceptReply, Context>;
    millraceBatchConfirm(...keysAndValues: Values): Result<1, Context>;
    millraceBatchWithdraw(...keysAndValues: Values): Result<number, Context>;
    millraceBatchClose(...keysAndValues: Values): Result<0 | 1, Context>;
    millraceBatchEnded(...keysAndValues: Values): Result<number, Context>;
    millraceBatchReopened(...keysAndValues: Values): Result<1, Context>;
    millraceBatchCancel(...keysAndValues: Values): Result<BatchCancelReply, Context>;
    millraceReadOutcome(record: string, log: string, limit: number): Result<OutcomeReply, Context>;
    millraceReadLog(log: string, after: number, limit: number, bytes: number): Result<LogReply, Context>;
    millraceScanLog(log: string, ...values: Values): Result<ScanReply, Context>;
  }
}

type ClaimReply =
  | ["claimed", ...ClaimedReply]
  | ["missing" | "terminal" | "stale" | "overdue" | "crash_loop"];

export type ClaimedReply = [
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
  batchId: string | null,
];

/** Three values for each job: its entry, its priority and its place. */
export type PlacesReply = (string | number)[];

/** `moved`: jobs in BullMQ that come after those that are let in now. */
type LeaveReply = [fed: PlacesReply, moved: PlacesReply];

export type EnterReply = [
  refused: string[],
  before: number,
  priority: number,
  waiting: number,
  later: number,
  fed: PlacesReply,
  moved: PlacesReply,
];

type BatchOpenReply = "opened" | "resumed" | "cancelled" | "gone";

type BatchAcceptReply = [outcome: "ok" | "gone" | "cancelled" | "superseded", answers: string];

type BatchCancelReply = "requested" | "ended" | "missing";

export type OutcomeReply = [customId: string | null, event: string | number | null];

/** `found`: two values for each event, its index and its beginning. */
type ScanReply = [next: number, ...found: (number | string)[]];

type LogReply = [hasMore: 0 | 1, events: string[], isGone: 0 | 1];

/** `changed`: the job is not as it was read any more, or somebody wants it cancelled: nothing has been done. */
export type EndWaitingReply = "ended" | "missing" | "terminal" | "changed";

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
