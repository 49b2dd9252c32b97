import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout } from "node:timers/promises";
import { leftInRedis, startRedis } from "@millrace/testing";
import type { TestProject } from "vitest/node";
import { leftProcesses } from "./left-processes.ts";
import { TEST_RUN_VARIABLE } from "./run-processes.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The run's Redis. Every test file uses a key prefix of its own, and leaves no key behind. */
    redisUrl: string;
  }
}

/** For what is still closing when the last test has ended. */
const PATIENCE_MS = 5_000;
const POLL_MS = 100;

const RUN_GUARD = fileURLToPath(new URL("run-guard.ts", import.meta.url));

/** Gives all integration tests one real Redis, and fails the run when they leave anything behind. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis({ image: process.env["TEST_REDIS_IMAGE"] });
  project.vitest.logger.log(`Redis for the tests: ${redis.description}`);
  project.provide("redisUrl", redis.url);

  // After Redis has started: that one is not to be found among what the tests left.
  const testRun = randomUUID();
  const callOff = startRunGuard(testRun);
  process.env[TEST_RUN_VARIABLE] = testRun;

  return async () => {
    try {
      await assertNothingIsLeft(async () => [...leftProcesses(testRun), ...(await leftInRedis(redis.url))]);
    } finally {
      await callOff();
      await redis.close();
    }
  };
}

/** Until it is called off, the guard ends what tests have started when this process has ended, be it by SIGKILL. */
function startRunGuard(testRun: string): () => Promise<void> {
  // A group of its own: Ctrl-C is for the others.
  const guard = spawn(process.execPath, [RUN_GUARD, testRun], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(guard, "exit");
  return async () => {
    guard.kill();
    await ended;
  };
}

async function assertNothingIsLeft(look: () => Promise<string[]>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = await look();
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`the tests left this behind:\n  ${left.join("\n  ")}`);
    await setTimeout(POLL_MS);
  }
}
