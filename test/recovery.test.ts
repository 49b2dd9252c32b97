import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { JobEvent } from "@millrace/contracts";
import { createJobStore, type JobStore, type LogFollower } from "@millrace/job-store";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import { Redis } from "ioredis";
import { pino } from "pino";
import { expect, inject, onTestFinished, test, vi } from "vitest";

const TENANT = "alice";
const PATIENCE_MS = 40_000;
const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const never = new AbortController().signal;

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-recovery-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A configuration with one server, by default the fixture. */
function writeConfig(args: string[] = [FIXTURE_STDIO_PROGRAM]): string {
  const path = join(createFolder(), "mcp-servers.json");
  const env = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] };
  const config = { command: process.execPath, args, env };
  writeFileSync(path, JSON.stringify({ mcp_servers: { fixture: { transport_type: "stdio", config } } }));
  return path;
}

function startWorker(environment: Record<string, string>) {
  const child = spawn(process.execPath, ["apps/worker/src/main.ts"], {
    env: { ...process.env, LOG_LEVEL: "silent", DRAIN_TIMEOUT_SECONDS: "0", ...environment },
    stdio: "inherit",
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  return child;
}

async function workerIds(store: JobStore, count: number): Promise<string[]> {
  return await vi.waitFor(
    async () => {
      const ids = (await store.fleet()).workers.map(({ id }) => id);
      expect(ids).toHaveLength(count);
      return ids;
    },
    { timeout: PATIENCE_MS },
  );
}

async function eventsUntil(follower: LogFollower, type: string, seen: JobEvent[]): Promise<void> {
  while (seen.at(-1)?.type !== type) {
    const events = await follower.next(never, PATIENCE_MS);
    expect(events, `no ${type} came`).not.toEqual([]);
    seen.push(...events.map((event) => JSON.parse(event.json) as JobEvent));
  }
}

/** A store with a key prefix of its own, whose keys are gone when the test has ended. */
function openStore() {
  const keyPrefix = `t${randomBytes(6).toString("hex")}`;
  const redisUrl = inject("redisUrl");
  const redis = new Redis(redisUrl);
  onTestFinished(async () => {
    const keys = await redis.keys(`*${keyPrefix}:*`);
    if (keys.length > 0) await redis.del(...keys);
    await redis.quit();
  });
  const logger = pino({ level: "silent" });
  const store = createJobStore({ redisUrl, keyPrefix, retentionSeconds: 60, logger });
  onTestFinished(() => store.close());
  return { store, redisUrl, keyPrefix };
}

interface Scene {
  store: JobStore;
  follower: LogFollower;
  events: JobEvent[];
  /** Runs the job. */
  first: { id: string; worker: ChildProcess };
  /** Does nothing. */
  second: { id: string };
}

/** Two workers, one of which has begun a job that may be made again. */
async function untilRunning(): Promise<Scene> {
  const { store, redisUrl, keyPrefix } = openStore();
  const environment = { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: keyPrefix, MCP_CONFIG_FILE: writeConfig() };

  const workers = new Map<string, ChildProcess>();
  for (const count of [1, 2]) {
    const child = startWorker(environment);
    for (const id of await workerIds(store, count)) if (!workers.has(id)) workers.set(id, child);
  }
  const request = {
    type: "tool",
    tool: "fixture__wait",
    arguments: { ms: 1_500 },
    on_unknown: "retry",
    timeout_ms: 60_000,
  } as const;
  const { follower } = await store.submitAndFollow({ tenant: TENANT, request });
  onTestFinished(() => follower[Symbol.dispose]());
  const events: JobEvent[] = [];
  await eventsUntil(follower, "job.started", events);
  const started = events.at(-1);
  const firstId = started?.type === "job.started" ? started.worker_id : "";
  const secondId = [...workers.keys()].find((id) => id !== firstId) ?? "";
  const worker = workers.get(firstId);
  if (!worker) throw new Error("an unknown worker has begun the job");
  return { store, follower, events, first: { id: firstId, worker }, second: { id: secondId } };
}

function expectTakenOver({ events, first, second }: Scene): void {
  expect(events.map(({ id, type, attempt }) => [id, type, attempt])).toEqual([
    [1, "job.queued", 1],
    [2, "job.started", 1],
    [3, "job.started", 1],
    [4, "job.completed", 1],
  ]);
  expect(events).toMatchObject([
    {},
    { worker_id: first.id },
    { worker_id: second.id },
    { job: { worker_id: second.id } },
  ]);
}

test("[recovery.worker-killed] a killed worker's job runs elsewhere, with no attempt burned and no gap in its log", async () => {
  const scene = await untilRunning();
  scene.first.worker.kill("SIGKILL");
  await eventsUntil(scene.follower, "job.completed", scene.events);
  expectTakenOver(scene);
}, 120_000);

test("[recovery.worker-killed.servers] the servers of a killed worker have time to end what they have started", async () => {
  const folder = createFolder();
  const [started, ended] = [join(folder, "started"), join(folder, "ended")];
  // As one that closes its browser, which is in a process group of its own.
  const server = `
    const { writeFileSync } = require("node:fs");
    const end = () => { writeFileSync(${JSON.stringify(ended)}, ""); process.exit(); };
    process.on("SIGTERM", () => setTimeout(end, 300));
    setInterval(() => {}, 60_000);
    writeFileSync(${JSON.stringify(started)}, "");`;
  const { redisUrl, keyPrefix } = openStore();
  const worker = startWorker({
    REDIS_URL: redisUrl,
    REDIS_KEY_PREFIX: keyPrefix,
    MCP_CONFIG_FILE: writeConfig(["--eval", server]),
  });
  await vi.waitFor(() => expect(existsSync(started)).toBe(true), { timeout: PATIENCE_MS });
  worker.kill("SIGKILL");
  await vi.waitFor(() => expect(existsSync(ended)).toBe(true), { timeout: PATIENCE_MS });
}, 120_000);

test.skipIf(!FULL)(
  "[recovery.worker-paused] a worker that was stopped for 15 s comes back to find its job ended by another, and writes nothing",
  async () => {
    const scene = await untilRunning();
    const { store, follower, events, first } = scene;
    first.worker.kill("SIGSTOP");
    onTestFinished(() => void first.worker.kill("SIGCONT"));
    const pause = delay(15_000);
    await eventsUntil(follower, "job.completed", events);
    await pause;
    first.worker.kill("SIGCONT");
    // Its heartbeats are there again; its call has ended long ago, and what it makes of that is refused.
    await workerIds(store, 2);
    await vi.waitFor(async () => {
      const { workers } = await store.fleet();
      expect(workers.map(({ running }) => running.tool)).toEqual([0, 0]);
    }, PATIENCE_MS);
    expectTakenOver(scene);
    follower.recheck();
    expect(await follower.next(never, 100)).toEqual([]);
  },
);

test.skipIf(!FULL)(
  "[recovery.loop-blocked] a lone worker whose event loop was blocked for longer than its lock lives ends its job",
  async () => {
    const { store, redisUrl, keyPrefix } = openStore();
    const child = spawn(process.execPath, ["test/support/blocking-worker.ts", redisUrl, keyPrefix, "9000"], {
      stdio: "inherit",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await ended;
    });
    const request = { type: "tool", tool: "blocks", arguments: {}, timeout_ms: 60_000 } as const;
    const { follower } = await store.submitAndFollow({ tenant: TENANT, request });
    using following = follower;
    const events: JobEvent[] = [];
    await eventsUntil(following, "job.completed", events);
    expect(events.filter(({ type }) => type === "job.completed")).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ attempt: 1 });
    // It is still able to work.
    const { job } = await store.submitAndWait(
      { tenant: TENANT, request },
      { waitMs: PATIENCE_MS, signal: never },
    );
    expect(job.status).toBe("completed");
  },
);
