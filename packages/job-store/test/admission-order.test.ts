import { expect, test } from "vitest";
import { linesGone, noteStarts, submitMany, untilStarted } from "./support/line-state.ts";
import { startRunner } from "./support/run-jobs.ts";
import { createInstallation, TENANT } from "./support/test-installation.ts";

test("[store.admission.order] a job that comes in when others of its key have gone stays behind those that are left", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const early = await submitMany(api, 10);
  for (const id of early.splice(0, 5)) await api.cancel(TENANT, id);
  // Another api, which knows nothing of those that have gone.
  const late = await submitMany(installation.createApi(), 2);
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool", concurrency: 1 });
  await untilStarted(starts, 7);
  expect(starts).toEqual([...early, ...late]);
  await linesGone(installation);
});
