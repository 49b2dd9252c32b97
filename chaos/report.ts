import type { LedgerLine } from "@millrace/testing";
import type { Machine } from "../bench/machine.ts";
import type { Observation } from "./client/observe-job.ts";
import { faultName } from "./fault.ts";
import { isKill } from "./fault-plan.ts";
import { percentiles, recoveryTimes, type Kills, type Percentiles } from "./recovery-times.ts";
import type { FaultRecord } from "./under-fire.ts";
import type { Violation } from "./violation.ts";

/** Violations of one kind that people get to see; the JSON has all. */
const SHOWN_OF_KIND = 20;

interface Summary {
  readonly jobs: number;
  /** By kind and outcome, such as `append completed` and `append failed outcome_unknown`. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly streams: number;
  /** How often readers came back with their last id. */
  readonly stream_reconnects: number;
  /** Logs that were read a second time, some time after their end. */
  readonly logs_read_again: number;
  /** Jobs whose retention was over before all had been read. */
  readonly expired_unseen: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Faults that came when there was nothing to harm. */
  readonly faults_missed: number;
  /** Processes that were ended by SIGKILL, Redis included. */
  readonly kills: number;
  /** From the kill of a worker to the next start of each job that ran on it, in milliseconds. */
  readonly recovery_ms: Percentiles;
  /** Calls in the ledgers. */
  readonly calls: { readonly begun: number; readonly ended: number };
}

export interface ChaosReport extends Summary {
  readonly seed: string;
  readonly started_at: string;
  /** Of the whole run. */
  readonly duration_ms: number;
  readonly machine: Machine;
  /** Requests that had no answer, or a 503, and were sent again. */
  readonly repeated_requests: number;
  /** Keys in Redis when all jobs have gone. */
  readonly keys_left: number;
  readonly violations: readonly Violation[];
}

export interface Summarized {
  readonly observations: readonly Observation[];
  readonly records: readonly FaultRecord[];
  readonly ledgers: readonly LedgerLine[];
  readonly kills: Kills;
}

export function summarize({ observations, records, ledgers, kills }: Summarized): Summary {
  const done = records.filter(({ isDone }) => isDone).map(({ fault }) => fault);
  const streams = observations.flatMap(({ stream }) => stream ?? []);
  const lines = (wanted: LedgerLine["event"]) => ledgers.filter(({ event }) => event === wanted).length;
  return {
    jobs: observations.length,
    outcomes: count(observations.map(outcomeName)),
    streams: streams.length,
    stream_reconnects: streams.reduce((sum, { reconnects }) => sum + reconnects, 0),
    logs_read_again: observations.filter(({ laterEvents }) => laterEvents !== null).length,
    expired_unseen: observations.filter(({ isExpired }) => isExpired).length,
    faults: count(done.map(faultName)),
    faults_missed: records.length - done.length,
    kills: done.filter(isKill).length,
    recovery_ms: percentiles(recoveryTimes(observations, kills)),
    calls: { begun: lines("begin"), ended: lines("end") },
  };
}

function outcomeName({ plan, job }: Observation): string {
  return [plan.kind, job?.status ?? "not ended", job?.error?.code].filter(Boolean).join(" ");
}

/** How often each value occurs, in the order of the alphabet. */
function count(values: readonly string[]): Record<string, number> {
  const groups = [...Map.groupBy(values, (value) => value)];
  const pairs = groups.map(([value, { length }]) => [value, length] as const);
  return Object.fromEntries(pairs.toSorted(([one], [other]) => one.localeCompare(other)));
}

/** The report for people. */
export function toMarkdown(report: ChaosReport): string {
  const { machine, recovery_ms: recovery, calls, violations } = report;
  return `# Chaos run of ${report.started_at.slice(0, 10)}

Seed \`${report.seed}\`, ${report.jobs} jobs, ${(report.duration_ms / 60_000).toFixed(1)} minutes, ${report.kills} kills: **${violations.length === 0 ? "no violation" : `${violations.length} violations`}**.

Machine: ${machine.cpu}, ${machine.cores} cores, load ${machine.loadAverage.toFixed(1)} at the start; ${machine.system}, Node ${machine.node}, Redis ${machine.redis} with append-only file.

## Recovery

From the kill of a worker until each job that ran on it ran elsewhere.

| jobs | p50 | p95 | max |
| ---: | ---: | ---: | ---: |
| ${recovery.count} | ${seconds(recovery.p50)} | ${seconds(recovery.p95)} | ${seconds(recovery.max)} |

## Faults

${table("fault", report.faults)}

${report.faults_missed} more came when there was nothing to harm.

## Jobs

${table("kind and outcome", report.outcomes)}

The ledgers hold ${calls.begun} calls that were begun, ${calls.ended} of which ended. The client repeated ${report.repeated_requests} requests. ${report.streams} readers came back ${report.stream_reconnects} times. ${report.logs_read_again} logs were read a second time; of ${report.expired_unseen} jobs the retention was over before all had been read. ${report.keys_left} keys were left in Redis: those that an installation has also without jobs, and idempotency keys, which live for a day.

## Violations

${violations.length === 0 ? "None." : violationList(violations)}
`;
}

function table(head: string, counts: Readonly<Record<string, number>>): string {
  const rows = Object.entries(counts).map(([name, times]) => `| ${name} | ${times} |`);
  return [`| ${head} | times |`, "| --- | ---: |", ...rows].join("\n");
}

function seconds(milliseconds: number | null): string {
  return milliseconds === null ? "–" : `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** Of each kind the first ones: what goes wrong everywhere would fill pages. */
function violationList(violations: readonly Violation[]): string {
  const kinds = [...Map.groupBy(violations, ({ kind }) => kind)];
  return kinds
    .flatMap(([kind, all]) => {
      const lines = all.slice(0, SHOWN_OF_KIND).map(({ detail }) => `- \`${kind}\`: ${detail}`);
      return all.length > SHOWN_OF_KIND
        ? [...lines, `- and ${all.length - SHOWN_OF_KIND} more of \`${kind}\``]
        : lines;
    })
    .join("\n");
}
