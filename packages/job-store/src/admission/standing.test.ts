import { expect, test } from "vitest";
import { Standing, Standings } from "./standing.ts";

const room = { size: 100, maxQueued: 1_000_000 };
const EMPTY = { before: 0, priority: -1, waiting: 0, later: 0 };

function heardOf(before: number, { waiting = 0, later = 0 } = {}): Standing {
  const standing = new Standing();
  standing.heard({ before, priority: 5, waiting, later }, { count: 0, priority: 5 }, 0);
  return standing;
}

test("[store.admission.standing] a line that nobody has heard of, or in which jobs wait, is asked", () => {
  expect(new Standing().place(1, 5, { ...room, now: 0 })).toBeNull();
  expect(heardOf(0, { waiting: 1 }).place(1, 5, { ...room, now: 1 })).toBeNull();
  expect(heardOf(0).place(1, 5, { ...room, now: 1 })).toBe(0);
});

test("[store.admission.standing.full] a key near its window, or near its cap, asks", () => {
  expect(heardOf(70).place(5, 5, { ...room, now: 1 })).toBe(70);
  expect(heardOf(70).place(6, 5, { ...room, now: 1 })).toBeNull();
  expect(heardOf(7).place(1, 5, { ...room, maxQueued: 10, now: 1 })).toBeNull();
  expect(heardOf(0, { later: 8 }).place(1, 5, { ...room, maxQueued: 10, now: 1 })).toBeNull();
});

test("[store.admission.standing.own] what was entered since counts", () => {
  const standing = heardOf(0);
  expect(standing.place(40, 5, { ...room, now: 1 })).toBe(0);
  expect(standing.place(30, 5, { ...room, now: 2 })).toBe(40);
  expect(standing.place(10, 5, { ...room, now: 3 })).toBeNull();
});

test("[store.admission.standing.priority] jobs of several priorities are put in order by the line", () => {
  expect(heardOf(3).place(1, 0, { ...room, now: 1 })).toBeNull();
  expect(heardOf(0).place(1, 0, { ...room, now: 1 })).toBe(0);
  const standing = new Standing();
  standing.heard(EMPTY, { count: 3, priority: -1 }, 0);
  expect(standing.place(1, 5, { ...room, now: 1 })).toBeNull();
});

test("[store.admission.standing.old] few jobs are taken to be gone after a while, many are not", () => {
  expect(heardOf(3).place(1, 0, { ...room, now: 5_000 })).toBe(0);
  expect(heardOf(50).place(1, 5, { ...room, now: 5_000 })).toBeNull();
});

test("[store.admission.standing.slow] jobs that come seldom ask where few would be too many", () => {
  expect(heardOf(0).place(1, 5, { size: 10, maxQueued: 1_000_000, now: 5_000 })).toBeNull();
  expect(heardOf(0).place(1, 5, { size: 100, maxQueued: 5, now: 5_000 })).toBeNull();
});

test("[store.admission.standing.many] lines are forgotten when there are very many, and are asked again", () => {
  const standings = new Standings();
  const of = (tenant: string) => standings.of({ tenant, type: "tool" });
  const first = of("first");
  for (let count = 1; count < 10_000; count += 1) of(`guest${count}`);
  expect(of("first")).toBe(first);
  const last = of("last");
  expect(of("first")).not.toBe(first);
  expect(of("last")).toBe(last);
});
