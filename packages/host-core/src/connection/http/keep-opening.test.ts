import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { abortable } from "../../abortable.ts";
import { NeedsAuthError, NotRunError } from "../connection.ts";
import { keepOpening } from "./keep-opening.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const url = "http://a/";

test("[host.http.reopened] a stream that is refused is asked for ever more slowly, at last once a minute", async () => {
  const controller = new AbortController();
  const refusals: string[] = [];
  let asked = 0;
  const fetch = keepOpening(
    async () => {
      asked += 1;
      if (asked % 2 === 0) throw new NotRunError("nothing listens there");
      return new Response(null, { status: 503 });
    },
    (error) => refusals.push(error.message),
  );
  const opened = fetch(url, { method: "GET", signal: controller.signal });
  await vi.advanceTimersByTimeAsync(63_500);
  expect(asked).toBe(8);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toBe(10);
  expect(refusals.slice(0, 2)).toEqual([
    "the event stream cannot be opened: HTTP status 503",
    "the event stream cannot be opened: nothing listens there",
  ]);
  // The SDK asks no more after that.
  controller.abort();
  expect(await opened).toMatchObject({ status: 405 });
  expect(vi.getTimerCount()).toBe(0);
});

test("[host.http.reopened] what is refused for good is asked for once, and calls are sent once", async () => {
  const statuses = [404, 405, 501, 200, 503];
  const fetch = keepOpening(
    async () => new Response(null, { status: statuses.shift() ?? 500 }),
    () => expect.unreachable(),
  );
  for (const status of [404, 405, 501, 200]) {
    expect(await fetch(url, { method: "GET" })).toMatchObject({ status });
  }
  expect(await fetch(url, { method: "POST" })).toMatchObject({ status: 503 });
  const unauthorized = keepOpening(
    () => Promise.reject(new NeedsAuthError("who asks?")),
    () => expect.unreachable(),
  );
  await expect(unauthorized(url, { method: "GET" })).rejects.toThrow("who asks?");
});

test("[host.http.reopened] what ends because nobody wants it any more is no refusal", async () => {
  const controller = new AbortController();
  const fetch = keepOpening(
    async (_url, init) => await abortable(new Promise<never>(() => undefined), init?.signal ?? expect.fail()),
    () => expect.unreachable(),
  );
  const opened = fetch(url, { method: "GET", signal: controller.signal });
  controller.abort();
  expect(await opened).toMatchObject({ status: 405 });
});
