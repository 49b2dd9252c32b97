import type { JobType, Server } from "@millrace/contracts";
import type { FinishedCounts, FleetView, JobStore, WaitingJobs } from "@millrace/job-store";

/** The installation at one moment, and what it has done. */
export interface MetricsSnapshot {
  waiting: Record<JobType, WaitingJobs>;
  finished: Record<JobType, FinishedCounts>;
  /** Jobs that run, by the workers' last heartbeats. */
  running: Record<JobType, number>;
  /** Jobs that the workers may run at a time. */
  places: Record<JobType, number>;
  workers: number;
  servers: readonly Server[];
  /** Of this api alone. */
  openStreams: number;
}

/** Reads it all. `fleet` is what the asking key may see. */
export async function takeSnapshot(
  { usage }: JobStore,
  fleet: FleetView,
  openStreams: number,
): Promise<MetricsSnapshot> {
  const [finished, tool, chat] = await Promise.all([
    usage.finished(),
    usage.waiting("tool"),
    usage.waiting("chat"),
  ]);
  const { workers } = fleet;
  const sum = (field: "running" | "concurrency"): Record<JobType, number> => {
    const total = (type: JobType) => workers.reduce((before, worker) => before + worker[field][type], 0);
    return { tool: total("tool"), chat: total("chat") };
  };
  return {
    waiting: { tool, chat },
    finished,
    running: sum("running"),
    places: sum("concurrency"),
    workers: workers.length,
    servers: fleet.servers(),
    openStreams,
  };
}
