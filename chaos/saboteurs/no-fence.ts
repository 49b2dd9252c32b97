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
  Worker.prototype as unknown as Record<"on", (event: string, listener: () => void) => unknown>,
  "on",
  (on) => (event, listener) => (event === "lockRenewalFailed" ? null : on(event, listener)),
);

await import("../../apps/worker/src/main.ts");
