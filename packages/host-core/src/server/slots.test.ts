import { expect, test } from "vitest";
import { Slots } from "./slots.ts";

const { signal } = new AbortController();

/** Takes a slot until it is told to give it back. */
function hold(slots: Slots, begun: string[], name: string, until: AbortSignal = signal, caller?: object) {
  const held = Promise.withResolvers<void>();
  const run = () => {
    begun.push(name);
    return held.promise;
  };
  const ended = slots.run(until, run, caller);
  return { release: held.resolve, ended };
}

/** Lets what can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("[host.slots] so many run at once, the others in the order in which they came", async () => {
  const slots = new Slots(2);
  const begun: string[] = [];
  const [a, b, c, d] = [
    hold(slots, begun, "a"),
    hold(slots, begun, "b"),
    hold(slots, begun, "c"),
    hold(slots, begun, "d"),
  ];
  expect(slots.areTaken).toBe(true);
  expect(begun).toEqual(["a", "b"]);
  b.release();
  await b.ended;
  await settle();
  expect(begun).toEqual(["a", "b", "c"]);
  for (const one of [a, c, d]) one.release();
  await Promise.all([a, c, d].map((one) => one.ended));
  expect(begun).toEqual(["a", "b", "c", "d"]);
  expect(slots.areTaken).toBe(false);
});

test("[host.slots.fair] callers that wait take turns, whatever each of them has", async () => {
  const slots = new Slots(1);
  const begun: string[] = [];
  const [many, few] = [{ of: "many" }, { of: "few" }];
  const giveUp = new AbortController();
  const held = [
    ...["m1", "m2", "m3", "m4"].map((name) => hold(slots, begun, name, signal, many)),
    hold(slots, begun, "gone", giveUp.signal, few),
    ...["f1", "f2"].map((name) => hold(slots, begun, name, signal, few)),
    hold(slots, begun, "alone"),
  ];
  giveUp.abort(new Error("enough"));
  for (const { release } of held) release();
  await Promise.allSettled(held.map(({ ended }) => ended));
  expect(begun).toEqual(["m1", "m2", "f1", "alone", "m3", "f2", "m4"]);
  await slots.whenIdle();
});

test("[host.slots] who gives up in line is passed over, and leaves no slot taken", async () => {
  const slots = new Slots(1);
  const begun: string[] = [];
  const giveUp = new AbortController();
  const first = hold(slots, begun, "first");
  const second = hold(slots, begun, "second", giveUp.signal);
  const third = hold(slots, begun, "third");
  giveUp.abort(new Error("enough"));
  await expect(second.ended).rejects.toThrow("enough");
  first.release();
  third.release();
  await third.ended;
  expect(begun).toEqual(["first", "third"]);
  await slots.whenIdle();
});

test("[host.slots] a task that fails gives its slot back", async () => {
  const slots = new Slots(1);
  await expect(slots.run(signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await slots.run(signal, () => Promise.resolve("yes"))).toBe("yes");
});

test("[host.slots] a higher limit lets those in that wait", async () => {
  const slots = new Slots(1);
  const begun: string[] = [];
  const both = [hold(slots, begun, "a"), hold(slots, begun, "b")];
  slots.limit = 2;
  await settle();
  expect(begun).toEqual(["a", "b"]);
  let isIdle = false;
  const idle = slots.whenIdle().then(() => (isIdle = true));
  await settle();
  expect(isIdle).toBe(false);
  for (const { release } of both) release();
  await idle;
});
