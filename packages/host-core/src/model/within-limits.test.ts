import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { settingsOf } from "../../test/model-fixtures.ts";
import { withinLimits, type Attempt } from "./within-limits.ts";

test("[model.limits.clean] an attempt that has failed leaves no stream open, and nothing on its caller's signal", async () => {
  const { signal } = new AbortController();
  const attempts: Attempt[] = [];
  const failing = withinLimits(settingsOf("openai", null), signal, (attempt) => {
    attempts.push(attempt);
    return Promise.reject(new Error("an odd event"));
  });
  await expect(failing).rejects.toThrow("an odd event");
  expect(attempts.map((attempt) => attempt.signal.aborted)).toEqual([true]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
