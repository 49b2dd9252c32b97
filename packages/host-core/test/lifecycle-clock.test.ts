import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionLostError, RequestRejectedError, type ToolListing } from "../src/connection/connection.ts";
import { fakeServer, tool } from "./fake-connections.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const ANSWER = { content: [], structuredContent: null, isError: false };

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
  expect(vi.getTimerCount()).toBe(1);
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

test("[host.health.idle] a day of idleness is a ping every 30 s and a listing every 5 min, and nothing grows", async () => {
  const ping = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const listing = {
    tools: [tool("one")],
    leftOut: [{ tool: "odd", reason: "it is odd" }],
    warnings: ["an odd tool"],
    ttlMs: null,
  };
  const listTools = vi.fn<() => Promise<typeof listing>>(() => Promise.resolve(structuredClone(listing)));
  const onChange = vi.fn<() => void>();
  const { server, connections, logger } = fakeServer(() => ({ ping, listTools }), { onChange });
  await server.start();
  const timers = vi.getTimerCount();
  const { tools } = server;
  const lines = logger.entries.length;
  onChange.mockClear();
  await vi.advanceTimersByTimeAsync(24 * HOUR_MS);
  expect(ping).toHaveBeenCalledTimes(24 * 120);
  expect(listTools).toHaveBeenCalledTimes(1 + 24 * 12);
  expect(connections).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(timers);
  expect(logger.entries).toHaveLength(lines);
  expect(onChange).not.toHaveBeenCalled();
  expect(server.tools).toBe(tools);
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

test("[host.health.dead] a connection that answers no ping is given up after three, and a fresh one made", async () => {
  let isDead = false;
  const hang = () => new Promise<void>(() => {});
  const { server, connections } = fakeServer(() => ({ ping: () => (isDead ? hang() : Promise.resolve()) }));
  await server.start();
  isDead = true;
  await vi.advanceTimersByTimeAsync(54_000);
  expect(connections).toHaveLength(1);
  isDead = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(connections[0]?.isClosed).toBe(true);
  expect(connections).toHaveLength(2);
  expect(server.status).toBe("connected");
});

test("[host.health.refusal] a server that does not know ping is alive", async () => {
  const ping = () => Promise.reject(new RequestRejectedError(-32_601, "no such method"));
  const { server, connections } = fakeServer(() => ({ ping }));
  await server.start();
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(connections).toHaveLength(1);
});

test("[host.health.slow] a slow tool is never pinged at, and never marks its server dead", async () => {
  const ping = vi.fn<() => Promise<void>>(() => new Promise(() => {}));
  const answer = Promise.withResolvers<typeof ANSWER>();
  const settings = { ...fakeServer(() => ({})).server.settings, toolTimeoutMs: 2 * HOUR_MS };
  const { server, connections } = fakeServer(() => ({ ping, callTool: () => answer.promise }), { settings });
  await server.start();
  const call = server.call(echo());
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(ping).not.toHaveBeenCalled();
  answer.resolve(ANSWER);
  expect(await call).toMatchObject({ ok: true });
  expect(connections).toHaveLength(1);
});

test("[host.health.passive] three calls in a row that get no answer give the connection up; an answer between them does not", async () => {
  let isDead = true;
  const callTool = () =>
    isDead ? Promise.reject(new ConnectionLostError("no route")) : Promise.resolve(ANSWER);
  const { server, connections } = fakeServer(() => ({ callTool }));
  await server.start();
  const lost = { ok: false, error: { code: "server_unavailable" } };
  for (let round = 0; round < 3; round += 1) {
    isDead = true;
    expect(await server.call(echo())).toMatchObject(lost);
    expect(await server.call(echo())).toMatchObject(lost);
    isDead = false;
    expect(await server.call(echo())).toMatchObject({ ok: true });
  }
  expect(connections).toHaveLength(1);
  isDead = true;
  for (let call = 0; call < 3; call += 1) expect(await server.call(echo())).toMatchObject(lost);
  expect(server.status).toBe("disconnected");
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(connections.length).toBeGreaterThan(1);
});

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
