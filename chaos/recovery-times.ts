import { isTerminalEvent, type JobEvent } from "@millrace/contracts";
import { quantile } from "../bench/statistics.ts";
import type { Observation } from "./client/observe-job.ts";

/** When each worker that was killed was killed, by its id; in milliseconds since 1970. */
export type Kills = ReadonlyMap<string, number>;

/**
 * For every job that ran on a worker when it was killed: the milliseconds until it ran elsewhere. Jobs that nobody ran
 * again, because they were cancelled meanwhile, are left out.
 */
export function recoveryTimes(observations: readonly Observation[], kills: Kills): number[] {
  return observations.flatMap(({ events }) =>
    (events ?? []).flatMap((event, index) => {
      const killedAt = killOf(event, kills);
      if (killedAt === null || Date.parse(event.time) > killedAt) return [];
      const next = events?.slice(index + 1).find((later) => isClaim(later) || endsRun(later));
      if (!next || !isClaim(next) || Date.parse(next.time) < killedAt) return [];
      return [Date.parse(next.time) - killedAt];
    }),
  );
}

function isClaim({ type }: JobEvent): boolean {
  return type === "job.started" || type === "job.resumed";
}

function endsRun({ type }: JobEvent): boolean {
  return isTerminalEvent(type) || type === "job.parked" || type === "job.retrying";
}

function killOf(event: JobEvent, kills: Kills): number | null {
  return event.type === "job.started" || event.type === "job.resumed"
    ? (kills.get(event.worker_id) ?? null)
    : null;
}

/** In milliseconds; null when nothing was recovered. */
export interface Percentiles {
  count: number;
  p50: number | null;
  p95: number | null;
  max: number | null;
}

export function percentiles(values: readonly number[]): Percentiles {
  const ascending = values.toSorted((a, b) => a - b);
  const at = (share: number): number | null => (ascending.length === 0 ? null : quantile(ascending, share));
  return { count: ascending.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
