import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { pause } from "./pause.ts";

test("[client.retry.clean] a wait leaves nothing on its caller's signal, which may live for weeks", async () => {
  const controller = new AbortController();
  await pause(1, controller.signal);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  const waiting = pause(600_000, controller.signal);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
});
