/**
 * A worker without fencing, as a program: Redis takes the steps of a run that has lost its job, and the run is not told
 * that its lock is lost.
 */
import { Worker } from "bullmq";
import { editScript } from "./edit-script.ts";
import { wrapMethod } from "./wrap-method.ts";

editScript("millraceStep", [
  ["  return -3\n", "  status = 'running'\n"],
  ["  return -2\n", "  status = 'running'\n"],
]);

wrapMethod(
  Worker.prototype as unknown as Record<"extendJobLocks", (...given: unknown[]) => Promise<string[]>>,
  "extendJobLocks",
  (extendJobLocks) =>
    async (...given) => {
      await extendJobLocks(...given);
      return [];
    },
);

await import("../../apps/worker/src/main.ts");
