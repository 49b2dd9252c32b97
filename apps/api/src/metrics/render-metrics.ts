import { JobType } from "@millrace/contracts";
import type { FinishedCounts } from "@millrace/job-store";
import { Counter, Gauge, Registry, type Metric } from "prom-client";
import type { MetricsSnapshot } from "./snapshot.ts";

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** The snapshot in Prometheus' text format. Names that end in `_total` only rise. */
export async function renderMetrics(snapshot: MetricsSnapshot): Promise<string> {
  const registry = new Registry();
  addJobs(registry, snapshot);
  addFinished(registry, snapshot.finished);
  addFleet(registry, snapshot);
  return await registry.metrics();
}

function addJobs(registry: Registry, { waiting, running }: MetricsSnapshot): void {
  const gauge = (name: string, help: string, valueOf: (type: JobType) => number): void => {
    const made = new Gauge({ name, help, labelNames: ["type"], registers: [registry] });
    for (const type of JobType.options) made.set({ type }, valueOf(type));
  };
  gauge(
    "millrace_jobs_waiting",
    "Jobs that are due and wait for a worker, in lines and in the queue.",
    (type) => waiting[type].count,
  );
  gauge(
    "millrace_jobs_oldest_waiting_seconds",
    "How long the oldest job in the queue has waited there for its first worker; 0 when none does.",
    (type) => (waiting[type].oldestAgeMs ?? 0) / 1_000,
  );
  gauge("millrace_jobs_delayed", "Jobs that are not due yet.", (type) => waiting[type].delayed);
  gauge(
    "millrace_jobs_parked",
    "Jobs that wait for an approval, a provider's cool-down or their next attempt.",
    (type) => waiting[type].parked,
  );
  gauge("millrace_jobs_running", "Jobs that run, by the workers' last heartbeats.", (type) => running[type]);
}

function addFinished(registry: Registry, finished: MetricsSnapshot["finished"]): void {
  const counter = new Counter({
    name: "millrace_jobs_finished_total",
    help: "Jobs that have ended, on all workers.",
    labelNames: ["type", "status"],
    registers: [registry],
  });
  for (const type of JobType.options) {
    for (const [status, count] of Object.entries(finished[type].byStatus))
      counter.inc({ type, status }, count);
  }
  // prom-client's own histograms only count what is observed here; the workers have counted.
  const histogram = {
    name: "millrace_job_duration_seconds",
    help: "From a job's first start to its end, on all workers.",
    type: "histogram",
    get: () =>
      Promise.resolve({
        ...histogram,
        values: JobType.options.flatMap((type) => bucketValues(type, finished[type])),
      }),
  };
  registry.registerMetric(histogram as unknown as Metric);
}

function bucketValues(type: JobType, { durations: { buckets, sumSeconds } }: FinishedCounts) {
  const name = "millrace_job_duration_seconds";
  const values = buckets.map(({ bound, count }) => {
    const le = bound === Infinity ? "+Inf" : String(bound);
    return { metricName: `${name}_bucket`, labels: { type, le }, value: count };
  });
  const all = buckets.at(-1)?.count ?? 0;
  return [
    ...values,
    { metricName: `${name}_sum`, labels: { type }, value: sumSeconds },
    { metricName: `${name}_count`, labels: { type }, value: all },
  ];
}

function addFleet(registry: Registry, { workers, places, servers, openStreams }: MetricsSnapshot): void {
  const registers = [registry];
  new Gauge({ name: "millrace_workers", help: "Live workers.", registers }).set(workers);
  const slots = new Gauge({
    name: "millrace_worker_places",
    help: "Jobs that the live workers may run at a time.",
    labelNames: ["type"],
    registers,
  });
  for (const type of JobType.options) slots.set({ type }, places[type]);
  const labelNames = ["server"];
  const total = new Gauge({
    name: "millrace_mcp_server_workers",
    help: "Live workers that have this MCP server in their configuration.",
    labelNames,
    registers,
  });
  const connected = new Gauge({
    name: "millrace_mcp_server_workers_connected",
    help: "Live workers that have this MCP server connected.",
    labelNames,
    registers,
  });
  for (const { name: server, workers: holders } of servers) {
    total.set({ server }, holders.total);
    connected.set({ server }, holders.connected);
  }
  new Gauge({
    name: "millrace_api_open_streams",
    help: "Event streams that clients have open on this api.",
    registers,
  }).set(openStreams);
}
