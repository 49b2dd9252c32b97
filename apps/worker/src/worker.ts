import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { loadProvider } from "@millrace/host-core";
import { createWorkerStore } from "@millrace/job-store/worker";
import type { ModelDirectory } from "@millrace/contracts";
import { watchFile } from "@millrace/service";
import type { Logger } from "pino";
import packageJson from "../package.json" with { type: "json" };
import { createBackground } from "./background.ts";
import type { WorkerConfig } from "./config.ts";
import { createFleetHandlers } from "./fleet-handlers.ts";
import { createReload } from "./reload.ts";
import { createRunners } from "./runners.ts";
import { untilRequired } from "./until-required.ts";
import type { WarmHost } from "./warm-host.ts";

/** A server that takes longer than this to connect does not hold the others' jobs back. In milliseconds. */
const WARM_UP_MS = 10_000;

/** Time to leave the fleet in, in milliseconds. */
const LEAVE_MS = 1_000;

export interface WorkerOptions {
  config: WorkerConfig;
  /** Its servers are connecting. The worker closes it. */
  warmHost: WarmHost;
  models: ModelDirectory;
  /** The `fileVersion` of the servers' file before it was read. */
  readVersion: string | null;
  logger: Logger;
}

/**
 * A worker: it waits for its warm MCP servers first and takes jobs afterwards, but none as long as a required server is
 * missing at its start. It changes its servers when the file changes, or when it is told to reload.
 *
 *     created ── start() ──→ warming ──→ taking jobs ── stop() ──→ draining ──→ stopped
 *
 * Stopping undoes what starting did, in reverse: jobs, sweeper, fleet entry, servers, connections.
 */
export function createWorker({ config, warmHost, models, readVersion, logger }: WorkerOptions) {
  const startedAt = new Date().toISOString();
  const store = createWorkerStore({ ...config, logger });
  const { host } = warmHost;
  const runners = createRunners({ store, host, models, config, logger });
  const registry = store.createRegistry({
    describe: () => ({
      host: hostname(),
      version: packageJson.version,
      started_at: startedAt,
      concurrency: { tool: config.toolConcurrency, chat: config.chatConcurrency },
      running: runners.running,
      servers: Object.fromEntries(host.reports().map(({ name, status }) => [name, status])),
    }),
    reports: () => host.reports(),
  });
  const background = createBackground({ store, webhooks: config.webhooks, logger });
  const sweeper = store.createSweeper();
  host.onChange(() => registry.changed());
  const reload = createReload({ host, registry, mcp: config.mcp, logger });
  const stopping = new AbortController();
  let watch: Disposable | null = null;
  let stopped: Promise<void> | null = null;

  async function stop(): Promise<void> {
    stopping.abort();
    watch?.[Symbol.dispose]();
    await Promise.all([runners.close(config.drainTimeoutMs), background.close()]);
    // Without Redis nobody can be told; the entry expires by itself.
    const left = Promise.all([sweeper.close(), registry.leave()]);
    await Promise.race([left, delay(LEAVE_MS, undefined, { ref: false })]);
    await warmHost.close();
    await store.close();
  }

  return {
    /** Resolves once the worker takes jobs. */
    async start(): Promise<void> {
      watch = watchFile({ path: config.mcp.path, since: readVersion, onChange: reload, logger });
      await registry.join();
      store.answer(createFleetHandlers({ host, registry, reload }));
      await Promise.all([host.whenWarm(WARM_UP_MS), loadProvider(models.default.provider)]);
      if (stopped) return;
      background.start();
      sweeper.start();
      await untilRequired(host, stopping.signal, logger);
      if (stopped) return;
      runners.start();
      logger.info({ worker_id: store.workerId, tools: host.tools().length }, "Taking jobs");
    },

    /** Takes no more jobs, waits for those that run, and ends everything. Harmless when repeated. */
    stop(): Promise<void> {
      stopped ??= stop();
      return stopped;
    },
  };
}
