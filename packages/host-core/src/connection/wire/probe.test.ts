import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionLostError, HttpFailureError, NotRunError } from "../connection.ts";
import { Probe } from "./probe.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const STREAMS = { areOpen: true };

function probe(ping: (signal: AbortSignal) => Promise<void>) {
  const onLost = vi.fn<(reason: string) => Promise<void>>(() => Promise.resolve());
  return { onLost, probe: new Probe({ ping, streams: STREAMS, onLost }) };
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error)),
  );
}

test("[host.probe.patience] a server that answers the third ping goes on; one that answers none is lost", async () => {
  let left = 2;
  const busy = probe((signal) => (left-- > 0 ? hang(signal) : Promise.resolve()));
  void busy.probe.ask("a doubt");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(left).toBe(-1);
  expect(busy.onLost).not.toHaveBeenCalled();
  const hung = probe(hang);
  void hung.probe.ask("a doubt");
  // One question is enough.
  void hung.probe.ask("another doubt");
  await vi.advanceTimersByTimeAsync(14_000);
  expect(hung.onLost).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(hung.onLost).toHaveBeenCalledExactlyOnceWith("a doubt");
});

test.each([
  ["a connection that breaks", new ConnectionLostError("other side closed"), true],
  ["an HTTP status", new HttpFailureError("HTTP status 502"), false],
  ["a ping that could not be sent while requests run", new NotRunError("EAI_AGAIN"), false],
])("[host.probe.patience] %s decides at once", async (_what, error, isLost) => {
  const { onLost, probe: asked } = probe(() => Promise.reject(error));
  await asked.ask("a doubt");
  expect(onLost).toHaveBeenCalledTimes(isLost ? 1 : 0);
});
