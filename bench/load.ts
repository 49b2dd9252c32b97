import { Agent } from "node:http";
import { sendJob } from "./send-job.ts";
import type { Target } from "./target.ts";

/** Jobs at the start of each load that count for nothing: they open the connections. */
const OPENING_JOBS = 10;

export interface LoadOptions {
  jobs: number;
  /** As many jobs are always under way: each answer sends the next job. */
  inFlight: number;
  signal: AbortSignal;
}

export interface LoadResult {
  /** Of every job that counts, ascending, in milliseconds. */
  latenciesMs: Float64Array;
  /** From the first of them to the last answer. */
  seconds: number;
  /** All jobs that were run, with those that count for nothing. */
  sentJobs: number;
}

/**
 * Runs jobs in a closed loop.
 * @throws what the first bad answer threw, or the reason of `signal`.
 */
export async function runLoad(target: Target, { jobs, inFlight, signal }: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  // Requests that are under way fail then, which ends the loop.
  const onAbort = () => agent.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const openingJobs = Math.max(OPENING_JOBS, inFlight);
    await closedLoop(target, agent, new Float64Array(openingJobs), inFlight);
    const latenciesMs = new Float64Array(jobs);
    const startedAt = performance.now();
    await closedLoop(target, agent, latenciesMs, inFlight);
    const seconds = (performance.now() - startedAt) / 1_000;
    return { latenciesMs: latenciesMs.toSorted(), seconds, sentJobs: openingJobs + jobs };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    agent.destroy();
  }
}

/** Fills `latenciesMs`, one job for each place. */
async function closedLoop(
  target: Target,
  agent: Agent,
  latenciesMs: Float64Array,
  inFlight: number,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < latenciesMs.length) {
      const position = next;
      next += 1;
      const sentAt = performance.now();
      try {
        await sendJob(target, { agent });
      } catch (error) {
        next = latenciesMs.length; // ends the other lanes
        throw error;
      }
      latenciesMs[position] = performance.now() - sentAt;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}
