import type { ChatJobRequest } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import type { Execute } from "../src/run/job-execution.ts";
import type { JobStore } from "../src/job-store.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { CHAT_DONE, CHAT_REQUEST, toolCalled, toolReturned, turnFinished } from "./support/chat-jobs.ts";
import { approve, askOnce, NOTHING } from "./support/executors.ts";
import { FULL, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT, type Installation } from "./support/test-installation.ts";

const JOBS_OF_EACH_KIND = FULL ? 250 : 25;
/** Of each kind. */
const AT_ONCE = 5;
const PATIENCE = { timeout: 40_000, interval: 200 };
/** An index entry of a job is looked at when it is a minute old. */
const LATER_MS = 120_000;

/** What there is of an installation that is at rest, after its first job. */
const FIXED = [
  /^\{P:(\w+)\}:\1:(meta|events|id|stalled-check|marker|pc)$/,
  // Expires by itself: it lasts longer than its job, so that a repeat is recognised.
  /^P:idempotency:/,
  // Counts of all that has ended, and who sweeps.
  /^P:finished$/,
  /^P:\{sweep\}$/,
];

const failed = { code: "provider_unavailable", message: "", retryable: true } as const;

const execute: Execute = async (execution) => {
  const { request, write, readPast, attempt } = execution;
  switch (request.metadata?.["kind"] ?? "") {
    case "approved":
    case "parked and cancelled":
      return await askOnce(execution);
    case "failed":
      return { status: "failed", error: { ...failed, retryable: false }, result: null };
    case "tried again":
      return attempt === 1 ? { status: "failed", error: failed, result: null } : CHAT_DONE;
    case "handed back":
      if ((await readPast()).length > 0) return CHAT_DONE;
      await write([turnFinished(1, "c1"), toolCalled("c1")]);
      return { status: "parked", reason: "cool_down", until: Date.now() };
    case "stopped":
      return await new Promise((resolve) => {
        execution.signal.addEventListener("abort", () =>
          resolve({ status: "stopped", cancellation: NOTHING }),
        );
      });
    default:
      await write([turnFinished(1, "c1"), toolCalled("c1")]);
      await write([toolReturned("c1", "found")]);
      return CHAT_DONE;
  }
};

const MUCH_LATER_MS = 600_000;

type Life = (api: JobStore, request: ChatJobRequest) => Promise<unknown>;

const submit = async (api: JobStore, request: ChatJobRequest): Promise<string> =>
  (await api.submit({ tenant: TENANT, request })).id;

const lives: Record<string, Life> = {
  completed: submit,
  failed: submit,
  "handed back": submit,
  "tried again": (api, request) =>
    submit(api, { ...request, attempts: 2, backoff: { type: "fixed", delay_ms: 10 } }),
  delayed: (api, request) => submit(api, { ...request, delay_ms: 50 }),
  "out of time": (api, request) => submit(api, { ...request, queue_timeout_ms: 1 }),
  approved: async (api, request) => {
    const id = await submit(api, request);
    await untilStatus(api, id, "parked");
    await approve(api, id);
  },
  "parked and cancelled": async (api, request) => {
    const id = await submit(api, request);
    await untilStatus(api, id, "parked");
    await api.cancel(TENANT, id);
  },
  stopped: async (api, request) => {
    const id = await submit(api, request);
    await untilStatus(api, id, "running");
    await api.cancel(TENANT, id);
  },
  "cancelled while it waits": async (api, request) => {
    await api.cancel(TENANT, await submit(api, { ...request, delay_ms: MUCH_LATER_MS }));
  },
  "under a key": async (api, request) => {
    const taken = await api.keyed.take({ tenant: TENANT, request }, crypto.randomUUID());
    if ("newJob" in taken) await api.submit(taken.newJob);
  },
  retried: async (api, request) => {
    const id = await submit(api, { ...request, delay_ms: MUCH_LATER_MS });
    await api.cancel(TENANT, id);
    await api.retries.retry(TENANT, id, "start");
  },
};

/** Again when Redis has not answered in time: some jobs more make no difference here. */
async function live(life: () => Promise<unknown>): Promise<void> {
  try {
    await life();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    await live(life);
  }
}

/**
 * A life that has begun again leaves its first job behind, for whose end nobody asks any more, or which is due much
 * later.
 */
async function cancelTheRest(api: JobStore): Promise<void> {
  for (const status of ["queued", "parked", "running"] as const) {
    const { jobs } = await api.list(TENANT, { limit: 200, status });
    for (const { id, request } of jobs) {
      if (status !== "queued" || request.delay_ms === MUCH_LATER_MS) await api.cancel(TENANT, id);
    }
  }
}

async function keysLeft({ redis, keyPrefix }: Installation): Promise<string[]> {
  const keys = [...(await redis.keys(`${keyPrefix}:*`)), ...(await redis.keys(`{${keyPrefix}:*`))];
  const names = keys.map((key) => key.replace(keyPrefix, "P"));
  return names.filter((name) => !FIXED.some((pattern) => pattern.test(name)));
}

test("[store.leaks] of jobs of every kind nothing is left in Redis when their retention is over", async () => {
  const installation = createInstallation();
  const { keyPrefix, redis, keys } = installation;
  const api = installation.createApi();
  startRunner(installation, execute, { concurrency: 50 });
  const sweeper = installation.createWorker().createSweeper();
  installation.onRelease(() => sweeper.close());
  sweeper.start();
  for (let round = 0; round < JOBS_OF_EACH_KIND; round += AT_ONCE) {
    const begun = Object.entries(lives).flatMap(([kind, life]) => {
      const request = { ...CHAT_REQUEST, retention_seconds: 1, metadata: { kind } };
      return Array.from({ length: AT_ONCE }, () => live(() => life(api, request)));
    });
    await Promise.all(begun);
  }
  const clock = { ...systemClock, now: () => Date.now() + LATER_MS };
  const lateSweeper = installation.createWorker({ clock }).createSweeper();
  await vi.waitFor(async () => {
    await cancelTheRest(api);
    await lateSweeper.sweep();
    expect(await keysLeft(installation)).toEqual([]);
  }, PATIENCE);
  for (const key of await redis.keys(`${keyPrefix}:idempotency:*`))
    expect(await redis.pttl(key)).toBeGreaterThan(0);
  const queue = `${keys.queuePrefix("chat")}:chat`;
  expect(await redis.xlen(`${queue}:events`)).toBeLessThan(500);
}, 180_000);
