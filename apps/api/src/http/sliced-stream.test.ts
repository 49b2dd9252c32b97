import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { slicedStream } from "./sliced-stream.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A source of these pages, and a reader of its stream. */
function opened(...pages: string[]) {
  const close = vi.fn<() => void>();
  const next = vi.fn<() => Promise<string | null>>(() => Promise.resolve(pages.shift() ?? null));
  return { next, close, reader: slicedStream({ next, close }).getReader() };
}

test("[api.stream.slices] a large page is given out in slices, one at a time, and is whole at the end", async () => {
  const page = "0123456789abcdef ü\n".repeat(20_000);
  const { next, close, reader } = opened(page, "the last");
  const slices: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    slices.push(value);
    if (Buffer.concat(slices).length <= Buffer.byteLength(page)) expect(next).toHaveBeenCalledOnce();
  }
  expect(Math.max(...slices.map(({ length }) => length))).toBe(65_536);
  expect(slices).toHaveLength(Math.ceil(Buffer.byteLength(page) / 65_536) + 1);
  expect(Buffer.concat(slices).toString() === `${page}the last`).toBe(true);
  expect(close).toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

test("[api.stream.slices] a page that fits into a slice is one chunk", async () => {
  const { reader } = opened("one\n".repeat(1_000));
  expect((await reader.read()).value).toHaveLength(4_000);
  expect((await reader.read()).done).toBe(true);
});

test("[api.stream.steady] a reader that takes a slice now and then gets a page to its end, however long", async () => {
  const { reader } = opened("x".repeat(20 * 65_536));
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    await vi.advanceTimersByTimeAsync(59_000);
  }
  expect(length).toBe(20 * 65_536);
});

test.for([
  ["a slice of many", "x".repeat(200_000)],
  ["the last slice", "x"],
] as const)("[api.stream.stuck] a reader that does not take %s for a minute is dropped", async ([, page]) => {
  const { close, reader } = opened(page);
  await reader.read();
  await vi.advanceTimersByTimeAsync(59_999);
  expect(close).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(close).toHaveBeenCalledOnce();
  await expect(reader.read()).rejects.toThrow("takes nothing");
});

test("[api.stream.stuck] a reader that waits for the next page is not dropped", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { next, close, reader } = opened("first");
  await reader.read();
  next.mockReturnValueOnce(promise);
  const second = reader.read();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(close).not.toHaveBeenCalled();
  resolve("second");
  expect(Buffer.from((await second).value ?? []).toString()).toBe("second");
  await reader.cancel();
  expect(close).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});
