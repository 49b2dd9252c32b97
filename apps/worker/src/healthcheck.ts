import { hostname } from "node:os";
import { createJobStore } from "@millrace/job-store";
import { readConfig } from "@millrace/service";
import { pino } from "pino";
import { parseWorkerConfig, type WorkerConfig } from "./config.ts";

const config = readConfig(parseWorkerConfig);
const isHealthy = config !== null && (await hasWorker(config));
// What is still open is of no interest: somebody waits for the answer.
process.exit(isHealthy ? 0 : 1);

/**
 * Whether a worker of this machine, or container, is in the fleet. For a container's health; not for killing workers,
 * which wait by themselves while Redis is away.
 */
async function hasWorker({ redisUrl, keyPrefix }: WorkerConfig): Promise<boolean> {
  const logger = pino({ level: "silent" });
  const store = createJobStore({ redisUrl, keyPrefix, retentionSeconds: 1, logger });
  try {
    const { workers } = await store.fleet();
    return workers.some(({ host }) => host === hostname());
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    return false;
  }
}
