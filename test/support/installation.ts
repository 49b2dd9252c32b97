import { randomBytes } from "node:crypto";
import type { ServerSettings } from "@millrace/host-core";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { startApi, type ApiServer } from "./api-server.ts";
import type { LogLines } from "./log-lines.ts";
import { startWorker, type TestWorker } from "./test-worker.ts";

export interface InstallationOptions {
  redisUrl: string;
  /** The MCP servers of its one worker; without any there is no worker. */
  servers?: ServerSettings[];
  api?: Record<string, string>;
  worker?: Record<string, string>;
}

/** A whole installation of one's own: an api and a worker that share a Redis and a key prefix. */
export interface Installation extends AsyncDisposable {
  readonly prefix: string;
  /** The environment that both processes share. */
  readonly environment: Record<string, string>;
  readonly api: ApiServer;
  readonly worker: TestWorker | null;
  /** To look at Redis from outside. */
  readonly redis: Redis;
  close(): Promise<void>;
}

export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  await using stack = new AsyncDisposableStack();
  const { redisUrl, servers = [] } = options;
  const prefix = newPrefix();
  const environment = { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: prefix };

  const redis = new Redis(redisUrl);
  stack.defer(() => redis.disconnect());
  stack.defer(() => deleteKeys(redis, prefix));
  const worker =
    servers.length === 0
      ? null
      : stack.use(await startWorker(servers, { ...environment, ...options.worker }));
  const api = stack.use(await startApi({ ...environment, ...options.api }));
  // Last in, so first out: whatever a test did, nothing of it may have been a bug.
  stack.defer(() => expectNoBug([api.log, ...(worker ? [worker.log] : [])]));

  const parts = stack.move();
  const close = () => parts.disposeAsync();
  return { prefix, environment, api, worker, redis, close, [Symbol.asyncDispose]: close };
}

/** Each place in the product that meets the impossible logs it as a bug. */
function expectNoBug(logs: LogLines[]): void {
  const bugs = logs.flatMap(({ lines }) => lines).filter(({ msg }) => msg.startsWith("Bug"));
  expect(bugs).toEqual([]);
}

export function newPrefix(): string {
  return `test-${randomBytes(6).toString("hex")}`;
}

/** Deletes every key of a prefix, BullMQ's (`{prefix:tool}:…`) as well as ours (`prefix:…`). */
export async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
    if ((keys as string[]).length > 0) await redis.del(keys as string[]);
  }
}
