import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { McpConnection } from "../src/connection/connection.ts";
import { fakeServer } from "./fake-connections.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOUR_MS = 3_600_000;

function echo(signal = new AbortController().signal) {
  return { toolName: "one", arguments: {}, signal };
}

test("[host.health.slow] a ping that a call has overtaken says nothing, however often", async () => {
  const ping = vi.fn<() => Promise<void>>(() => new Promise(() => {}));
  const callTool: McpConnection["callTool"] = (_name, _given, { signal }) =>
    new Promise<never>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error)),
    );
  const settings = { ...fakeServer(() => ({})).server.settings, toolTimeoutMs: 2 * HOUR_MS };
  const { server, connections } = fakeServer(() => ({ ping, callTool }), { settings });
  await server.start();
  for (let count = 1; count <= 5; count += 1) {
    while (ping.mock.calls.length < count) await vi.advanceTimersByTimeAsync(1_000);
    const controller = new AbortController();
    server.call(echo(controller.signal)).catch(() => {});
    await vi.advanceTimersByTimeAsync(10_000);
    controller.abort(new Error("cancelled"));
    await vi.advanceTimersByTimeAsync(0);
  }
  expect(connections.map(({ isClosed }) => isClosed)).toEqual([false]);
});

test("[host.health.used] a connection is asked only when nothing was called on it for 30 s", async () => {
  const ping = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const { server } = fakeServer(() => ({ ping }));
  await server.start();
  for (let count = 0; count < 30; count += 1) {
    await vi.advanceTimersByTimeAsync(25_000);
    await server.call(echo());
  }
  expect(ping).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(ping).toHaveBeenCalledTimes(1);
});
