import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paceStreams } from "./pace-streams.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("[host.http.paced] a stream that is opened again and again is opened once a second, and calls go on", async () => {
  const seen: string[] = [];
  const fetch = paceStreams(async (_url, init) => {
    seen.push(init?.method ?? "");
    return new Response();
  });
  const controller = new AbortController();
  const openAll = async () => {
    while (!controller.signal.aborted) await fetch("http://a/", { method: "GET", signal: controller.signal });
  };
  const opening = openAll().catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toHaveLength(50);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(seen).toHaveLength(60);
  await fetch("http://a/", { method: "POST" });
  expect(seen.at(-1)).toBe("POST");
  controller.abort();
  await opening;
  expect(vi.getTimerCount()).toBe(0);
});
