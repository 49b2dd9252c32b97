import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobEvent } from "@millrace/contracts";
import { createJobStore, type JobStore, type LogFollower } from "@millrace/job-store";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import { Redis } from "ioredis";
import { pino } from "pino";
import { expect, inject, onTestFinished, test, vi } from "vitest";

const TENANT = "alice";
const PATIENCE_MS = 25_000;
const never = new AbortController().signal;

/** A configuration with the fixture server as its only one. */
function writeConfig(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-recovery-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "mcp-servers.json");
  const config = {
    command: process.execPath,
    args: [FIXTURE_STDIO_PROGRAM],
    env: { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] },
  };
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

test("[recovery.worker-killed] a killed worker's job runs elsewhere, with no attempt burned and no gap in its log", async () => {
  const keyPrefix = `t${randomBytes(6).toString("hex")}`;
  const redisUrl = inject("redisUrl");
  const redis = new Redis(redisUrl);
  onTestFinished(async () => {
    const keys = await redis.keys(`*${keyPrefix}:*`);
    if (keys.length > 0) await redis.del(...keys);
    await redis.quit();
  });
  const store = createJobStore({
    redisUrl,
    keyPrefix,
    retentionSeconds: 60,
    logger: pino({ level: "silent" }),
  });
  onTestFinished(() => store.close());
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
  } as const;
  const { follower } = await store.submitAndFollow({
    tenant: TENANT,
    request: { ...request, timeout_ms: 60_000 },
  });
  using following = follower;
  const events: JobEvent[] = [];
  await eventsUntil(following, "job.started", events);
  const started = events.at(-1);
  const first = started?.type === "job.started" ? started.worker_id : "";
  const second = [...workers.keys()].find((id) => id !== first);
  workers.get(first)?.kill("SIGKILL");

  await eventsUntil(following, "job.completed", events);
  expect(events.map(({ id, type, attempt }) => [id, type, attempt])).toEqual([
    [1, "job.queued", 1],
    [2, "job.started", 1],
    [3, "job.started", 1],
    [4, "job.completed", 1],
  ]);
  expect(events).toMatchObject([
    {},
    { worker_id: first },
    { worker_id: second },
    { job: { worker_id: second } },
  ]);
}, 60_000);
