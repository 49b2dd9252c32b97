import { setTimeout as delay } from "node:timers/promises";
import type { LedgerLine } from "@millrace/testing";
import { Redis } from "ioredis";
import { describeMachine } from "../bench/machine.ts";
import { checkRun } from "./checks/check-run.ts";
import { leftKeys, unknownJobs } from "./checks/left-keys.ts";
import { ApiClient } from "./client/api-client.ts";
import type { Observation } from "./client/observe-job.ts";
import { untilTaking } from "./client/until-taking.ts";
import { planFaults } from "./fault-plan.ts";
import { planJobs } from "./job-plan.ts";
import { readLedgers } from "./ledger.ts";
import { summarize, type ChaosReport } from "./report.ts";
import { leftProcesses } from "./system/left-processes.ts";
import { KEY_PREFIX, startSystem, type System } from "./system/system.ts";
import { runUnderFire } from "./under-fire.ts";
import type { Violation, ViolationKind } from "./violation.ts";

/**
 * `faultEveryMs`: from one fault to the next on average. `retentionSeconds`: a finished job stays so long.
 * `rereadAfterMs`: a job's log is read again so long after its end, when every stopped worker has gone on.
 * `patienceMs`: a job that has not ended by then counts as one that never does.
 */
const SHORT = { faultEveryMs: 1_600, retentionSeconds: 20, rereadAfterMs: 10_000, patienceMs: 200_000 };
const LONG = { faultEveryMs: 3_600, retentionSeconds: 60, rereadAfterMs: 25_000, patienceMs: 900_000 };
const LONG_FROM_MS = 300_000;

/** For keys that expire and processes that end. */
const GONE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 250;

export interface ChaosOptions {
  seed: string;
  jobs: number;
  /** How long jobs come and faults happen, in milliseconds. The run takes about a minute more. */
  durationMs: number;
  signal: AbortSignal;
  /** Told what happens, a line each. */
  onProgress: (text: string) => void;
}

/** Runs jobs on the real product while everything goes wrong, and then looks for what it has promised. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, jobs, durationMs, onProgress } = options;
  const startedAt = new Date();
  const { faultEveryMs, retentionSeconds, ...waits } = durationMs >= LONG_FROM_MS ? LONG : SHORT;
  const jobPlan = planJobs({ seed, jobs, durationMs, retentionSeconds });
  const faults = planFaults({ seed, durationMs, everyMs: faultEveryMs });

  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  await using stack = new AsyncDisposableStack();
  const system = stack.use(await startSystem());
  // Of a run that fails, too, no request goes on.
  stack.defer(() => over.abort());
  const redis = stack.adopt(new Redis(system.redis.url), (connection) => connection.disconnect());
  redis.on("error", () => {}); // away at times
  const machine = await describeMachine(redis);
  const client = new ApiClient(system.apiUrls, signal);
  await untilTaking(client, system.workers.length, signal);

  onProgress(`${jobs} jobs and ${faults.length} faults within ${Math.round(durationMs / 1_000)} s`);
  const { observations, records } = await runUnderFire({
    signal,
    onProgress,
    system,
    client,
    jobs: jobPlan,
    faults,
    ...waits,
  });
  onProgress("all jobs have ended; waiting for their retention to be over");
  const remains = await stopAndLook(system, redis, observations, signal);
  const violations = [
    ...checkRun(observations, remains.ledgers),
    ...client.violations,
    ...system.troubles,
    ...remains.violations,
  ];
  return {
    ...summarize({ observations, records, ledgers: remains.ledgers, kills: killsOf(system) }),
    seed,
    started_at: startedAt.toISOString(),
    duration_ms: Date.now() - startedAt.getTime(),
    machine,
    repeated_requests: client.repeats,
    keys_left: remains.keys,
    violations,
  };
}

interface Remains {
  ledgers: LedgerLine[];
  /** How many keys there are when there is no job any more. */
  keys: number;
  violations: Violation[];
}

/** Waits for what must go by itself, and stops the system. */
async function stopAndLook(
  system: System,
  redis: Redis,
  observations: readonly Observation[],
  signal: AbortSignal,
): Promise<Remains> {
  const known = new Set(observations.flatMap(({ jobIds }) => [...jobIds]));
  const ghosts = await unknownJobs(redis, KEY_PREFIX, known);
  const leftInRedis = await untilNone(() => leftKeys(redis, KEY_PREFIX), signal);
  const keys = await redis.dbsize();
  await system.stop();
  const processes = await untilNone(async () => leftProcesses(system.run), signal);
  return {
    ledgers: await readLedgers(system.ledgerFolder),
    keys,
    violations: [
      ...ghosts.map((id) => violation("idempotency", `no client has been told of ${id}`)),
      ...leftInRedis.map((key) => violation("key_left", key)),
      ...processes.map((left) => violation("process", `left over: ${left}`)),
    ],
  };
}

function violation(kind: ViolationKind, detail: string): Violation {
  return { kind, detail };
}

/** What is still there when there was time enough for it to go. */
async function untilNone(look: () => Promise<string[]>, signal: AbortSignal): Promise<string[]> {
  const deadline = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const left = await look();
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

function killsOf({ workers }: System): Map<string, number> {
  const incarnations = workers.flatMap(({ slot }) => slot.incarnations);
  return new Map(
    incarnations.flatMap(({ workerId, killedAt }) =>
      workerId === null || killedAt === null ? [] : [[workerId, killedAt] as const],
    ),
  );
}
