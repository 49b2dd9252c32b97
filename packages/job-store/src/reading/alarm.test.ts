import { expect, test } from "vitest";
import { Alarm } from "./alarm.ts";

/** Longer than a test may take. */
const FOR_EVER_MS = 600_000;

const NEVER = new AbortController().signal;

test("[store.alarm] a ring is heard once, also by a reader that waits later", async () => {
  const alarm = new Alarm();
  alarm.ring();
  alarm.ring();
  await alarm.next(NEVER, FOR_EVER_MS);
  const events: string[] = [];
  const waiting = alarm.next(NEVER, FOR_EVER_MS).then(() => events.push("woken"));
  await Promise.resolve();
  events.push("rung");
  alarm.ring();
  await waiting;
  expect(events).toEqual(["rung", "woken"]);
});

test("[store.alarm] nobody waits when the signal has aborted", async () => {
  await expect(new Alarm().next(AbortSignal.abort(), FOR_EVER_MS)).resolves.toBeUndefined();
});
