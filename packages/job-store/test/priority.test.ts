import { expect, test, vi } from "vitest";
import { DEFAULT_LIMITS } from "../src/admission/tenant-limits.ts";
import { lineState, linesGone, noteStarts, submitMany, untilStarted } from "./support/line-state.ts";
import { queueEmpty, startRunner } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, TENANT, type Installation } from "./support/test-installation.ts";

const of = (priority: number) => ({ request: { ...REQUEST, priority } });

/** Runs what waits, one after the other, until so many have started. */
async function startsOf(installation: Installation, count: number): Promise<string[]> {
  const { starts, execute } = noteStarts();
  startRunner(installation, execute, { type: "tool", concurrency: 1 });
  await untilStarted(starts, count);
  await queueEmpty(installation, "tool");
  await linesGone(installation);
  return starts;
}

test("[store.admission.priority] in line the lowest number goes first, and urgent jobs do not wait for room", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const first = await submitMany(api, 100);
  const late = await submitMany(api, 20, of(10));
  const early = await submitMany(api, 20, of(0));
  const { line, admitted } = await lineState(installation);
  expect(admitted).toHaveLength(110);
  expect(line.slice(0, 10)).toEqual(early.slice(10));
  expect(line.slice(-20)).toEqual(late);
  const starts = await startsOf(installation, 140);
  // The worker may have the first ten in hand before it lets the next ones in.
  expect(starts.slice(0, 10)).toEqual(early.slice(0, 10));
  expect(starts.indexOf(early.at(-1) ?? "")).toBeLessThan(60);
  expect(starts.filter((id) => first.includes(id))).toEqual(first);
  expect(starts.slice(-20)).toEqual(late);
});

test("[store.admission.priority.order] jobs of one key start by their priority, in whatever order they came", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const priorities = [
    9, 1, 5, 10, 0, 5, 9, 4, 6, 0, 7, 3, 5, 5, 2, 8, 1, 0, 6, 10, 5, 4, 0, 9, 1, 7, 7, 3, 2, 10,
  ];
  const ids = new Map<string, number>();
  for (const priority of priorities) {
    for (const id of await submitMany(api, 1, of(priority))) ids.set(id, priority);
  }
  const starts = await startsOf(installation, ids.size);
  const expected = [...ids.keys()].toSorted((a, b) => (ids.get(a) ?? 0) - (ids.get(b) ?? 0));
  expect(starts).toEqual(expected);
});

test("[store.admission.priority.order] so it is when they came seconds apart, and each knew nothing of the others", async () => {
  const installation = createInstallation();
  const low = await submitMany(installation.createApi(), 5, of(9));
  const clock = vi.spyOn(performance, "now");
  const api = installation.createApi();
  clock.mockReturnValue(0);
  await submitMany(api, 1, { ...of(9), tenant: "bob" });
  const high: string[] = [];
  for (const seconds of [10, 20, 30]) {
    clock.mockReturnValue(seconds * 1_000);
    high.push(...(await submitMany(api, 1, of(1))));
  }
  clock.mockRestore();
  const starts = await startsOf(installation, 9);
  const own = starts.filter((id) => [...low, ...high].includes(id));
  expect(own).toEqual([...high, ...low]);
});

test("[store.admission.priority.places] a job stands behind all of its key that come in before it, though their priorities differ", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const submit = async (tenant: string, priority: number) =>
    (await api.submit({ tenant, request: { ...REQUEST, priority } })).id;
  const last = await submit(TENANT, 10);
  const [one, two, three] = [await submit("bob", 5), await submit("bob", 5), await submit("bob", 5)];
  // They go out together.
  const [first, second] = await Promise.all([submit(TENANT, 0), submit(TENANT, 5)]);
  expect((await lineState(installation)).queued).toEqual([one, first, two, second, three, last]);
});

test("[store.admission.priority.others] a priority moves jobs of other keys by no place", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const bob = await submitMany(api, 3, { ...of(10), tenant: "bob" });
  const alice = await submitMany(api, 3, of(0));
  const starts = await startsOf(installation, 6);
  expect(starts).toEqual([bob[0], alice[0], bob[1], alice[1], bob[2], alice[2]]);
});

test("[store.admission.priority.capped] a key at its cap lets an urgent job in when the next one ends", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, () => ({ ...DEFAULT_LIMITS, maxRunning: 2 }));
  const low = await submitMany(api, 6, of(9));
  const [high = ""] = await submitMany(api, 1, of(0));
  expect((await lineState(installation, "tool", TENANT)).admitted).toEqual(low.slice(0, 2));
  const starts = await startsOf(installation, 7);
  expect(starts.indexOf(high)).toBeLessThan(4);
});
