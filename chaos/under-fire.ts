import { setTimeout as delay } from "node:timers/promises";
import { observeJob, type Observation, type ObserveOptions } from "./client/observe-job.ts";
import { describeFault, type Fault, type PlannedFault } from "./fault.ts";
import { FaultInjector } from "./inject-fault.ts";
import type { PlannedJob } from "./job-plan.ts";
import type { System } from "./system/system.ts";

export interface UnderFireOptions extends ObserveOptions {
  system: System;
  jobs: readonly PlannedJob[];
  faults: readonly PlannedFault[];
  onProgress: (text: string) => void;
}

export interface FaultRecord {
  readonly fault: Fault;
  /** False when there was nothing to harm. */
  readonly isDone: boolean;
}

export interface UnderFire {
  observations: Observation[];
  records: FaultRecord[];
}

/** Runs the jobs while the faults happen. Resolves when every job has ended and every fault is healed. */
export async function runUnderFire(options: UnderFireOptions): Promise<UnderFire> {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const harmed = harm(options, signal);
  try {
    const observed = Promise.all(options.jobs.map((plan) => observeInTime(plan, options)));
    const [observations, records] = await Promise.all([observed, harmed]);
    return { observations, records };
  } finally {
    // Nothing may be started any more when the system is stopped.
    over.abort();
    await harmed;
  }
}

async function observeInTime(plan: PlannedJob, options: UnderFireOptions): Promise<Observation> {
  await delay(plan.atMs, undefined, { signal: options.signal });
  return await observeJob(plan, options);
}

/** Never rejects before all faults that have begun are healed. */
async function harm(options: UnderFireOptions, signal: AbortSignal): Promise<FaultRecord[]> {
  const { system, client, faults, onProgress } = options;
  const askReload = async (): Promise<void> => {
    // The workers watch the file as well: nothing depends on the answer.
    await client.ask("/mcp/reload", { method: "POST" }).catch(() => undefined);
  };
  const injector = new FaultInjector({ system, askReload, signal });
  const startedAt = performance.now();
  const healing = faults.map(async ({ atMs, fault }): Promise<FaultRecord> => {
    await delay(atMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { fault, isDone: false };
    const at = ((performance.now() - startedAt) / 1_000).toFixed(1);
    onProgress(`${at} s: ${describeFault(fault)}`);
    return { fault, isDone: await injector.inject(fault) };
  });
  const ends = await Promise.allSettled(healing);
  return ends.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}
