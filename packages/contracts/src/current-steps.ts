import type { JobStep } from "./event.ts";

/** The steps, oldest first, that count since the job was last begun from its start. */
export function currentSteps(steps: readonly JobStep[]): readonly JobStep[] {
  const start = steps.findLastIndex((step) => step.type === "job.reopened" && step.from === "start");
  return start < 0 ? steps : steps.slice(start);
}
