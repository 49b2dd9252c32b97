import { createWorkerStore } from "@millrace/job-store/worker";
import { pino } from "pino";

/** A worker whose first job blocks its event loop for so many milliseconds: `blocking-worker.ts REDIS_URL PREFIX MS`. */
const [redisUrl = "", keyPrefix = "", milliseconds = "0"] = process.argv.slice(2);

let isFirst = true;
const store = createWorkerStore({ redisUrl, keyPrefix, logger: pino({ level: "silent" }) });
const runner = store.createRunner({
  type: "tool",
  concurrency: 1,
  execute: ({ signal }) => {
    if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds));
    isFirst = false;
    signal.throwIfAborted();
    const result = { content: [], structured_content: null, is_error: false, execution_time_ms: 0 };
    return Promise.resolve({ status: "completed", result });
  },
});
runner.start();
