import type { Job, JobEvent } from "@millrace/contracts";
import type { LedgerLine } from "@millrace/testing";
import { expect, test } from "vitest";
import { checkRun } from "../chaos/checks/check-run.ts";
import type { Observation } from "../chaos/client/observe-job.ts";
import type { JobKind, PlannedJob } from "../chaos/job-plan.ts";
import { recoveryTimes } from "../chaos/recovery-times.ts";

const KEY = "seed-1";
const time = (ms: number): string => new Date(ms).toISOString();

function jobOf(fields: Partial<Job> = {}): Job {
  const result = { content: [{ type: "text", text: KEY }] };
  const job = { id: "job_1", type: "tool", status: "completed", worker_id: "worker_b", result, error: null };
  return { ...job, ...fields } as unknown as Job;
}

const event = (id: number, type: string, fields: object = {}): JobEvent =>
  ({ id, type, time: time(id * 1_000), attempt: 1, ...fields }) as unknown as JobEvent;

const QUEUED = event(1, "job.queued");
const STARTED = event(2, "job.started", { worker_id: "worker_a" });
const TAKEN_OVER = event(3, "job.started", { worker_id: "worker_b" });
const COMPLETED = event(4, "job.completed", { job: jobOf() });

interface Given extends Partial<Observation> {
  kind?: JobKind;
}

/** With ids in their order. */
const logOf = (...events: JobEvent[]): JobEvent[] => events.map((one, index) => ({ ...one, id: index + 1 }));

/** A job without fault, but for what is given. */
function observation({ kind = "append", ...given }: Given = {}): Observation {
  const request = { type: "tool", tool: kind === "put" ? "put" : "append", arguments: { key: KEY } };
  const plan = { key: KEY, kind, request, cancelAfterMs: null } as unknown as PlannedJob;
  const events = given.events ?? [QUEUED, STARTED, TAKEN_OVER, COMPLETED];
  return {
    plan,
    jobIds: new Set(["job_1"]),
    job: jobOf(),
    laterEvents: events,
    stream: null,
    isCancelAccepted: false,
    isExpired: false,
    violations: [],
    ...given,
    events,
  };
}

const line = (name: "begin" | "end"): LedgerLine => ({
  event: name,
  at: 1,
  server: "ledger",
  pid: 1,
  tool: "append",
  key: KEY,
});
const ONCE = [line("begin"), line("end")];

function kinds(seen: Observation, ledgers: LedgerLine[] = ONCE): string[] {
  return checkRun([seen], ledgers).map(({ kind }) => kind);
}

function streamOf(events: readonly JobEvent[]): Observation["stream"] {
  const seen = events.map((one) => ({ id: one.id, type: one.type, data: JSON.stringify(one) }));
  return { events: seen, reconnects: 1, isGone: false, complaint: null };
}

test("[chaos.checks.right] a job that was taken over and ended once is right", () => {
  const events = [QUEUED, STARTED, TAKEN_OVER, COMPLETED];
  expect(kinds(observation({ stream: streamOf(events) }))).toEqual([]);
});

test("[chaos.checks.log] a log with a gap, two ends, a repeated step or a stale end is a violation", () => {
  const gap = [QUEUED, { ...STARTED, id: 3 }, { ...TAKEN_OVER, id: 4 }, { ...COMPLETED, id: 5 }];
  expect(kinds(observation({ events: gap }))).toEqual(["gap"]);
  const ends = logOf(QUEUED, TAKEN_OVER, COMPLETED, COMPLETED);
  expect(kinds(observation({ events: ends }))).toEqual(["terminal_events"]);
  expect(kinds(observation({ events: [QUEUED, STARTED] }))).toEqual(["terminal_events", "stale_run"]);
  const later = [QUEUED, STARTED, TAKEN_OVER, COMPLETED, event(5, "job.warning")];
  expect(kinds(observation({ laterEvents: later }))).toEqual(["terminal_events", "log_changed"]);
  const turn = event(1, "turn.finished", { turn: 1 });
  expect(kinds(observation({ events: logOf(TAKEN_OVER, turn, turn, COMPLETED) }))).toEqual(["step_repeated"]);
  const other = jobOf({ finished_at: time(1) });
  expect(kinds(observation({ job: other }))).toEqual(["record_disagrees"]);
});

test("[chaos.checks.calls] a call that was made twice, or against what its job says, is a violation", () => {
  expect(kinds(observation(), [...ONCE, ...ONCE])).toEqual(["call_repeated"]);
  expect(kinds(observation(), [...ONCE, line("begin")])).toEqual(["call_repeated"]);
  expect(kinds(observation({ kind: "put" }), [...ONCE, ...ONCE])).toEqual([]);
  expect(kinds(observation({ kind: "append_retry" }), [...ONCE, ...ONCE])).toEqual([]);
  expect(kinds(observation(), [line("begin")])).toEqual(["call_missing"]);
  const failed = (code: string): Observation => {
    const job = jobOf({ status: "failed", result: null, error: { code } } as unknown as Partial<Job>);
    return observation({ job, events: logOf(QUEUED, TAKEN_OVER, event(3, "job.failed", { job })) });
  };
  expect(kinds(failed("outcome_unknown"))).toEqual([]);
  expect(kinds(failed("server_unavailable"), [])).toEqual([]);
  expect(kinds(failed("server_unavailable"), [line("begin")])).toEqual(["call_denied"]);
  expect(kinds(failed("internal_error"), [])).toEqual(["unexpected_failure"]);
});

test("[chaos.checks.outcome] a wrong answer, an ignored cancel, a second job and no end are violations", () => {
  const wrong = jobOf({ result: { content: [{ type: "text", text: "x" }] } } as unknown as Partial<Job>);
  const ended = event(4, "job.completed", { job: wrong });
  const events = [QUEUED, STARTED, TAKEN_OVER, ended];
  expect(kinds(observation({ job: wrong, events }))).toEqual(["wrong_result"]);
  expect(kinds(observation({ isCancelAccepted: true }))).toEqual(["cancel_ignored"]);
  expect(kinds(observation({ jobIds: new Set(["job_1", "job_2"]) }))).toEqual(["idempotency"]);
  expect(kinds(observation({ job: null }))).toEqual(["not_ended"]);
  expect(kinds(observation({ job: null, isExpired: true }))).toEqual([]);
});

test("[chaos.checks.stream] a reader that missed, repeated or misread an event is a violation", () => {
  const events = [QUEUED, STARTED, TAKEN_OVER, COMPLETED];
  const seeing = (...seen: JobEvent[]) => kinds(observation({ stream: streamOf(seen) }));
  expect(seeing(...events)).toEqual([]);
  expect(seeing(QUEUED, STARTED, COMPLETED)).toEqual(["stream"]);
  expect(seeing(QUEUED, STARTED, STARTED, TAKEN_OVER, COMPLETED)).toEqual(["stream"]);
  expect(seeing(QUEUED, STARTED, TAKEN_OVER, { ...COMPLETED, attempt: 2 })).toEqual(["stream"]);
});

test("[chaos.recovery] a recovery lasts from the kill of a job's worker to its next start", () => {
  const kills = new Map([["worker_a", 2_400]]);
  expect(recoveryTimes([observation()], kills)).toEqual([600]);
  // It had ended, or begun elsewhere, before the kill; or nobody took it over.
  expect(recoveryTimes([observation()], new Map([["worker_b", 9_000]]))).toEqual([]);
  expect(recoveryTimes([observation()], new Map([["worker_a", 3_500]]))).toEqual([]);
  expect(recoveryTimes([observation({ events: [QUEUED, STARTED] })], kills)).toEqual([]);
});
