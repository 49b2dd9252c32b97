import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { JobStep } from "@millrace/contracts";
import { systemClock } from "../clock.ts";
import type { ModelDelta } from "../model/model.ts";
import { DeltaBuffer } from "./delta-buffer.ts";
import { ProgressWriter } from "./progress-writer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function record() {
  const steps: JobStep[] = [];
  const deltas = new DeltaBuffer({
    turn: 3,
    clock: systemClock,
    write: async (step) => void steps.push(step),
  });
  return { steps, deltas };
}

const text = (value: string): ModelDelta => ({ type: "text", text: value });
const written = (value: string, type = "text.delta") => ({ type, turn: 3, text: value });

test("[agent.deltas.pace] the first piece is written at once, later ones together for at most 50 ms", async () => {
  const { steps, deltas } = record();
  expect(deltas.hasWritten).toBe(false);
  deltas.add(text("a"));
  expect(steps).toEqual([written("a")]);
  expect(deltas.hasWritten).toBe(true);

  deltas.add(text("b"));
  await vi.advanceTimersByTimeAsync(49);
  deltas.add(text("c"));
  expect(steps).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(steps).toEqual([written("a"), written("bc")]);

  await vi.advanceTimersByTimeAsync(50);
  deltas.add(text("d"));
  expect(steps.at(-1)).toEqual(written("d"));
});

test("[agent.deltas.pace] what comes while a piece is being written is put together until that is done", async () => {
  const steps: JobStep[] = [];
  let stored = Promise.withResolvers<void>();
  const write = (step: JobStep) => {
    steps.push(step);
    return stored.promise;
  };
  const deltas = new DeltaBuffer({ turn: 3, clock: systemClock, write });
  deltas.add(text("a"));
  for (const piece of ["b", "c", "d"]) {
    deltas.add(text(piece));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(steps).toEqual([written("a")]);
  const first = stored;
  stored = Promise.withResolvers<void>();
  first.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(steps).toEqual([written("a"), written("bcd")]);
});

test("[agent.deltas.kinds] thinking and text are never mixed, and keep their order", () => {
  const { steps, deltas } = record();
  deltas.add({ type: "thinking", text: "h" });
  deltas.add({ type: "thinking", text: "m" });
  deltas.add(text("a"));
  deltas.add({ type: "thinking", text: "m" });
  deltas.add(text(""));
  expect([...steps, ...deltas.drain()]).toEqual([
    written("h", "thinking.delta"),
    written("m", "thinking.delta"),
    written("a"),
    written("m", "thinking.delta"),
  ]);
});

test("[agent.deltas.bounded] a burst is not held back beyond 16 KB", () => {
  const { steps, deltas } = record();
  for (let index = 0; index < 33; index += 1) deltas.add(text("x".repeat(1_024)));
  expect(steps.map((step) => (step.type === "text.delta" ? step.text.length : 0))).toEqual([
    1_024,
    16 * 1_024,
    16 * 1_024,
  ]);
});

test("[agent.deltas.end] what is left is taken out or dropped, and no timer stays", async () => {
  const { steps, deltas } = record();
  deltas.add(text("a"));
  deltas.add(text("b"));
  expect(deltas.drain()).toEqual([written("b")]);
  expect(deltas.drain()).toEqual([]);
  deltas.add(text("c"));
  deltas.stop();
  deltas.add(text("d"));
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(steps).toEqual([written("a")]);
  expect(deltas.drain()).toEqual([]);
});

test("[agent.tools.progress] of a call's reports the latest is written at most once in 100 ms, and the last is never lost", async () => {
  const steps: JobStep[] = [];
  const name = { tool_call_id: "call_1", tool: "files__read" };
  const writer = new ProgressWriter(name, systemClock, (step) => void steps.push(step));
  const step = (progress: number) => ({ type: "tool.progress", ...name, progress, total: 9, message: null });
  for (const progress of [1, 2, 3]) writer.add({ progress, total: 9 });
  expect(steps).toEqual([step(1)]);
  await vi.advanceTimersByTimeAsync(99);
  expect(steps).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(steps).toEqual([step(1), step(3)]);
  writer.add({ progress: 4, total: 9 });
  expect(writer.drain()).toEqual([step(4)]);
  writer.add({ progress: 5 });
  writer.stop();
  writer.add({ progress: 6 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(steps).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});
