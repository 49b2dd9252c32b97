import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  ConnectionLostError,
  HttpFailureError,
  NotRunError,
  RequestRejectedError,
  type McpConnection,
} from "../src/connection/connection.ts";
import { fakeServer, tool } from "./fake-connections.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Files share a process: what an earlier one has loaded may set a timer of its own meanwhile. */
const FOREIGN_TIMERS_MAX = 50;

const ANSWER = { content: [], structuredContent: null, isError: false, misfits: [] };

function echo(signal = new AbortController().signal) {
  return { toolName: "one", arguments: {}, signal };
}

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
  expect(vi.getTimerCount()).toBeLessThanOrEqual(timers + FOREIGN_TIMERS_MAX);
  expect(logger.entries).toHaveLength(lines);
  expect(onChange).not.toHaveBeenCalled();
  expect(server.tools).toBe(tools);
});

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

test("[host.health.wedged] a server that hangs under a steady load is asked after the first call that times out, and given up", async () => {
  let isWedged = false;
  const ping = vi.fn<() => Promise<void>>(() => (isWedged ? new Promise(() => {}) : Promise.resolve()));
  const hang = (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error)),
    );
  const settings = { ...fakeServer(() => ({})).server.settings, toolTimeoutMs: 10_000 };
  const callTool: McpConnection["callTool"] = (_name, _given, { signal }) => hang(signal);
  const { server, connections } = fakeServer(() => ({ ping, callTool }), { settings });
  await server.start();
  // It answers pings, or something else of it arrives: then its tools are slow, and that is all.
  void server.call(echo());
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ping).toHaveBeenCalledTimes(1);
  isWedged = true;
  void server.call(echo());
  const [connection] = connections;
  if (connection) connection.heard += 1;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(ping).toHaveBeenCalledTimes(1);

  // A new call every second: there is no moment without one.
  const load = setInterval(() => void server.call(echo()), 1_000);
  await vi.advanceTimersByTimeAsync(40_000);
  clearInterval(load);
  expect(connections.map(({ isClosed }) => isClosed)).toEqual([true, false]);
});

test("[host.health.wedged] so it is when calls are ended by those who made them, and nothing was heard in a tool's time", async () => {
  const ping = vi.fn<() => Promise<void>>(() => new Promise(() => {}));
  const callTool: McpConnection["callTool"] = (_name, _given, { signal }) =>
    new Promise<never>((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error)),
    );
  const settings = { ...fakeServer(() => ({})).server.settings, toolTimeoutMs: MINUTE_MS };
  const { server, connections } = fakeServer(() => ({ ping, callTool }), { settings });
  await server.start();
  const callFor = async (ms: number) => {
    const controller = new AbortController();
    server.call(echo(controller.signal)).catch(() => {});
    await vi.advanceTimersByTimeAsync(ms);
    controller.abort(new Error("its job has no more time"));
    await vi.advanceTimersByTimeAsync(0);
  };
  for (let count = 0; count < 5; count += 1) await callFor(10_000);
  expect(ping).not.toHaveBeenCalled();
  await callFor(10_000);
  expect(ping).toHaveBeenCalledTimes(1);
  for (let count = 0; count < 3; count += 1) await callFor(10_000);
  expect(connections[0]?.isClosed).toBe(true);
});

test("[host.health.unsent] a call that cannot be sent ends no other; a connection on which nothing else runs is made anew", async () => {
  let isAway = true;
  const slow = Promise.withResolvers<typeof ANSWER>();
  const callTool: McpConnection["callTool"] = (name) => {
    if (name === "slow") return slow.promise;
    return isAway ? Promise.reject(new NotRunError("getaddrinfo EAI_AGAIN far")) : Promise.resolve(ANSWER);
  };
  const { server, connections } = fakeServer(() => ({ callTool }));
  await server.start();
  const running = server.call({ ...echo(), toolName: "slow" });
  expect(await server.call(echo())).toMatchObject({ ok: false, error: { code: "server_unavailable" } });
  expect(connections.map(({ isClosed }) => isClosed)).toEqual([false]);
  slow.resolve(ANSWER);
  expect(await running).toMatchObject({ ok: true });

  const waiting = server.call(echo());
  await vi.advanceTimersByTimeAsync(0);
  expect(connections[0]?.isClosed).toBe(true);
  isAway = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await waiting).toMatchObject({ ok: true });
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

test.each([
  ["lost", new ConnectionLostError("other side closed")],
  ["answered with an HTTP status", new HttpFailureError("HTTP status 500: no")],
])(
  "[host.health.beside] calls that are %s end no call that runs beside them: a ping decides",
  async (_how, failure) => {
    let isDead = false;
    const slow = Promise.withResolvers<typeof ANSWER>();
    const ping = vi.fn<() => Promise<void>>(() => (isDead ? new Promise(() => {}) : Promise.resolve()));
    const callTool: McpConnection["callTool"] = (name) =>
      name === "slow" ? slow.promise : Promise.reject(failure);
    const { server, connections } = fakeServer(() => ({ ping, callTool }));
    await server.start();
    const running = server.call({ ...echo(), toolName: "slow" });
    const fail = async (times: number) => {
      for (let count = 0; count < times; count += 1) {
        expect(await server.call(echo())).toMatchObject({ ok: false, isAnswerLost: true });
      }
    };
    await fail(6);
    expect(ping).toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(connections.map(({ isClosed }) => isClosed)).toEqual([false]);
    isDead = true;
    await fail(3);
    // One ping that stays unanswered is not enough, and failing calls do not add up with it.
    await vi.advanceTimersByTimeAsync(6_000);
    await fail(3);
    expect(connections.map(({ isClosed }) => isClosed)).toEqual([false]);
    await vi.advanceTimersByTimeAsync(24_000);
    expect(connections[0]?.isClosed).toBe(true);
    slow.resolve(ANSWER);
    expect(await running).toMatchObject({ ok: true });
  },
);

test("[host.health.passive] whatever is heard of the server between them does as well", async () => {
  const callTool = () => Promise.reject(new ConnectionLostError("its answer is broken"));
  const { server, connections } = fakeServer(() => ({ callTool }));
  await server.start();
  for (let count = 0; count < 9; count += 1) {
    await server.call(echo());
    const [connection] = connections;
    if (connection) connection.heard += 1;
  }
  expect(connections.map(({ isClosed }) => isClosed)).toEqual([false]);
});
