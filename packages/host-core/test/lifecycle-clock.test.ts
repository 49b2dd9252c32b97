import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ToolListing } from "../src/connection/connection.ts";
import type { ServerSettings } from "../src/config/server-settings.ts";
import { Slots } from "../src/server/slots.ts";
import { fakeServer, tool } from "./fake-connections.ts";
import { fixture } from "./hosts.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Files share a process: what an earlier one has loaded may set a timer of its own meanwhile. */
const FOREIGN_TIMERS_MAX = 50;

function echo(signal = new AbortController().signal) {
  return { toolName: "one", arguments: {}, signal };
}

test("[host.reconnect.forever] after 10,000 failed attempts it still tries, one at a time, and has logged a line a minute", async () => {
  let isFixed = false;
  const { server, connections, logger, mostOpen } = fakeServer(() => ({
    connect: () => (isFixed ? Promise.resolve() : Promise.reject(new Error("refused"))),
  }));
  await server.start();
  const startedAt = performance.now();
  while (connections.length < 10_000) await vi.advanceTimersToNextTimerAsync();
  const minutes = (performance.now() - startedAt) / MINUTE_MS;
  // Full jitter: 15 s on the average.
  expect(minutes).toBeGreaterThan(2_000);
  expect(logger.entries.length).toBeLessThan(minutes + 2);
  expect(mostOpen()).toBe(1);
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1 + FOREIGN_TIMERS_MAX);
  expect(server).toMatchObject({ status: "error", lastError: "refused" });

  isFixed = true;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(server).toMatchObject({ status: "connected", lastError: null });
  expect(logger.entries.filter(({ level }) => level === "info")).toHaveLength(1);
});

test("[host.reconnect.breaker] a server that connects and dies is probed about once a minute, until it lives", async () => {
  let livesMs = 1_000;
  const { server, connections, logger } = fakeServer(({ events }) => ({
    connect: () => {
      if (livesMs > 0) setTimeout(() => events.onClose("it died"), livesMs);
      return Promise.resolve();
    },
  }));
  await server.start();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  const atFirst = connections.length;
  expect(atFirst).toBeGreaterThanOrEqual(5);
  expect(atFirst).toBeLessThanOrEqual(7);
  await vi.advanceTimersByTimeAsync(100 * MINUTE_MS);
  expect(connections.length - atFirst).toBeGreaterThan(75);
  expect(connections.length - atFirst).toBeLessThan(135);
  expect(logger.entries.length).toBeLessThanOrEqual(2 * connections.length);

  livesMs = 20_000;
  const before = connections.length;
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(connections.length - before).toBeGreaterThan(10);
});

test.each([
  [30_000, 30_000],
  [0, 5_000],
  [24 * HOUR_MS, HOUR_MS],
])(
  "[host.list.ttl] a server that says that its list is good for %i ms is asked again after %i ms",
  async (ttlMs, everyMs) => {
    const listTools = vi.fn<(signal: AbortSignal) => Promise<ToolListing>>(() =>
      Promise.resolve({ tools: [tool("one")], leftOut: [], warnings: [], ttlMs }),
    );
    const { server } = fakeServer(() => ({ listTools }));
    await server.start();
    await vi.advanceTimersByTimeAsync(everyMs - 1);
    expect(listTools).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(listTools).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(everyMs);
    expect(listTools).toHaveBeenCalledTimes(3);
  },
);

test("[host.list.kept] what a lost server offers stays known for 5 minutes, and calls wait for it only so long", async () => {
  let isAway = false;
  const connect = () => (isAway ? Promise.reject(new Error("refused")) : Promise.resolve());
  const { server, connections } = fakeServer(() => ({ connect }));
  await server.start();
  isAway = true;
  connections[0]?.events.onClose("it died");
  await vi.advanceTimersByTimeAsync(4.9 * MINUTE_MS);
  expect(server).toMatchObject({ status: "disconnected", lastError: "refused", tools: [{ name: "one" }] });
  const waiting = server.call(echo());
  await vi.advanceTimersByTimeAsync(0.2 * MINUTE_MS);
  expect(server.tools).toBeNull();
  expect(await waiting).toMatchObject({ ok: false, error: { code: "server_unavailable" } });
  expect(await server.call(echo())).toMatchObject({ ok: false, error: { code: "server_unavailable" } });
  isAway = false;
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(await server.call(echo())).toMatchObject({ ok: true });
});

test("[host.list.kept] what a lost server offers is forgotten likewise when it is lost in the middle of a listing", async () => {
  let isAway = false;
  const listing = Promise.withResolvers<ToolListing>();
  const listed = { tools: [tool("one")], leftOut: [], warnings: [], ttlMs: null };
  const listTools = vi.fn<() => Promise<ToolListing>>(() => listing.promise);
  listTools.mockResolvedValueOnce(listed);
  const connect = () => (isAway ? Promise.reject(new Error("refused")) : Promise.resolve());
  const { server, connections } = fakeServer(() => ({ connect, listTools }));
  await server.start();
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect(listTools).toHaveBeenCalledTimes(2);
  isAway = true;
  connections[0]?.events.onClose("it died");
  listing.reject(new Error("it died"));
  await vi.advanceTimersByTimeAsync(4.9 * MINUTE_MS);
  expect(server.tools).toMatchObject([{ name: "one" }]);
  await vi.advanceTimersByTimeAsync(0.2 * MINUTE_MS);
  expect(server.tools).toBeNull();
});

test("[host.list.kept] what a lazy server offered that does not come back from its rest is forgotten likewise", async () => {
  let isAway = false;
  const connect = () => (isAway ? Promise.reject(new Error("refused")) : Promise.resolve());
  const idle = fakeServer(() => ({})).server.settings;
  const settings: ServerSettings = { ...idle, lifecycle: "lazy", idleTimeoutMs: 1_000, toolTimeoutMs: 1_000 };
  const { server } = fakeServer(() => ({ connect }), { settings });
  await server.start();
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(server).toMatchObject({ status: "disconnected", lastError: null, tools: [{ name: "one" }] });
  isAway = true;
  void server.call(echo());
  await vi.advanceTimersByTimeAsync(4.9 * MINUTE_MS);
  expect(server.tools).toMatchObject([{ name: "one" }]);
  await vi.advanceTimersByTimeAsync(0.2 * MINUTE_MS);
  expect(server.tools).toBeNull();
});

test("[host.instances.settled] a server whose only copy dies while another makes its first attempt is waited for again", async () => {
  const second = Promise.withResolvers<void>();
  let isAway = false;
  const { server, connections } = fakeServer(
    (connection) => ({
      connect: () => {
        if (connections.indexOf(connection) === 1) return second.promise;
        return isAway ? Promise.reject(new Error("refused")) : Promise.resolve();
      },
    }),
    { settings: { ...fixture("fake"), instances: 2, connectTimeoutMs: HOUR_MS } },
  );
  void server.start();
  await server.settled;
  expect(server.status).toBe("connected");
  isAway = true;
  connections[0]?.events.onClose("it died");
  let hasSettled = false;
  void server.settled.then(() => (hasSettled = true));
  await vi.advanceTimersByTimeAsync(6 * MINUTE_MS);
  expect(server).toMatchObject({ status: "connecting", tools: null });
  expect(hasSettled).toBe(false);
  second.resolve();
  await server.settled;
  expect(server).toMatchObject({ status: "connected", tools: [{ name: "one" }] });
});

test("[host.call.wait] a call for a server that is away ends with the tool timeout, or with its own signal", async () => {
  let isAway = false;
  const connect = () => (isAway ? Promise.reject(new Error("refused")) : Promise.resolve());
  const { server, connections } = fakeServer(() => ({ connect }));
  await server.start();
  isAway = true;
  connections[0]?.events.onClose("it died");
  const controller = new AbortController();
  const aborted = server.call(echo(controller.signal)).catch((error: unknown) => error);
  const timedOut = server.call(echo());
  await vi.advanceTimersByTimeAsync(1_000);
  const reason = new Error("no longer wanted");
  controller.abort(reason);
  expect(await aborted).toBe(reason);
  await vi.advanceTimersByTimeAsync(server.settings.toolTimeoutMs);
  expect(await timedOut).toMatchObject({
    ok: false,
    error: { code: "server_unavailable", message: expect.stringContaining("refused") },
  });
});

test("[host.slots.shared] calls of all servers share the host's places, and say that they wait for one", async () => {
  const hostCalls = new Slots(1);
  const answer = Promise.withResolvers<void>();
  const first = fakeServer(
    () => ({
      callTool: async () => {
        await answer.promise;
        return { content: [], structuredContent: null, isError: false, misfits: [] };
      },
    }),
    { hostCalls },
  );
  const second = fakeServer(() => ({}), { hostCalls });
  await Promise.all([first.server.start(), second.server.start()]);
  const running = first.server.call(echo());
  const waits: string[] = [];
  let hasEnded = false;
  const waiting = second.server.call({ ...echo(), onWaiting: (reason) => waits.push(reason) });
  void waiting.then(() => (hasEnded = true));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([waits, hasEnded]).toEqual([["place"], false]);
  answer.resolve();
  expect(await Promise.all([running, waiting])).toMatchObject([{ ok: true }, { ok: true }]);
});

test("[host.list.announced] changes announced before, during and after a listing are all listed", async () => {
  let names = ["one"];
  const first = Promise.withResolvers<void>();
  const listing = { held: first.promise as Promise<void> | null };
  const { server, connections } = fakeServer(() => ({
    listTools: async () => {
      const tools = names.map(tool);
      await listing.held;
      return { tools, leftOut: [], warnings: [], ttlMs: null };
    },
  }));
  const started = server.start();
  await vi.advanceTimersByTimeAsync(10);
  names = ["one", "two"];
  connections[0]?.events.onToolsChanged();
  await vi.advanceTimersByTimeAsync(1_000);
  first.resolve();
  listing.held = null;
  await started;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.tools?.map(({ name }) => name)).toEqual(["one", "two"]);

  const second = Promise.withResolvers<void>();
  listing.held = second.promise;
  const refreshed = server.refresh();
  await vi.advanceTimersByTimeAsync(10);
  names = ["three"];
  connections[0]?.events.onToolsChanged();
  await vi.advanceTimersByTimeAsync(1_000);
  listing.held = null;
  second.resolve();
  await refreshed;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.tools?.map(({ name }) => name)).toEqual(["three"]);
});
