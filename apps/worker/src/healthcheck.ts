import { hostname } from "node:os";
import { createJobStore } from "@millrace/job-store";
import { pino } from "pino";
import { parseWorkerConfig } from "./config.ts";

/**
 * Whether a worker of this machine, or container, is in the fleet: exit status 0 or 1. For a container's health; not
 * for killing workers, which wait by themselves while Redis is away.
 */
const { redisUrl, keyPrefix } = parseWorkerConfig(process.env);
const logger = pino({ level: "silent" });
const store = createJobStore({ redisUrl, keyPrefix, retentionSeconds: 1, logger });
let status = 1;
try {
  const { workers } = await store.fleet();
  status = workers.some(({ host }) => host === hostname()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
}
// What is still open is of no interest: somebody waits for the answer.
process.exit(status);
