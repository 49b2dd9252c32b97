import type { JobType, ModelDirectory } from "@millrace/contracts";
import type { Host } from "@millrace/host-core";
import type { JobRunner, WorkerStore } from "@millrace/job-store";
import type { Logger } from "pino";
import type { WorkerConfig } from "./config.ts";
import { jobTools } from "./job-tools.ts";
import { createChatExecutor } from "./run-chat-job.ts";
import { runToolJob } from "./run-tool-job.ts";

export interface RunnersOptions {
  store: WorkerStore;
  host: Host;
  models: ModelDirectory;
  config: WorkerConfig;
  logger: Logger;
}

/** What takes the jobs of each kind. */
export function createRunners({ store, host, models, config, logger }: RunnersOptions) {
  const { environment } = config.modelsFile;
  const runners: Record<JobType, JobRunner> = {
    tool: store.createRunner({
      type: "tool",
      concurrency: config.toolConcurrency,
      maxCrashes: config.maxCrashes,
      execute: (execution) => runToolJob(jobTools(host, execution), execution),
    }),
    chat: store.createRunner({
      type: "chat",
      concurrency: config.chatConcurrency,
      maxCrashes: config.maxCrashes,
      execute: createChatExecutor({ host, models, coolDowns: store.coolDowns, environment, logger }),
    }),
  };
  return {
    /** Jobs that run now. */
    get running(): Record<JobType, number> {
      return { tool: runners.tool.running, chat: runners.chat.running };
    },
    start(): void {
      for (const runner of Object.values(runners)) runner.start();
    },
    /** Takes no more jobs and waits for those that run, `drainMs` at most. */
    async close(drainMs: number): Promise<void> {
      await Promise.all(Object.values(runners).map((runner) => runner.close(drainMs)));
    },
  };
}
