import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { Host } from "@millrace/host-core";
import { FIXTURE_HTTP_PROGRAM } from "@millrace/testing";
import { call, fixture, report, settings, startHost, structured } from "./hosts.ts";
import { startProgram } from "./programs.ts";

interface Server {
  host: Host;
  /** Ends the server's process at once. */
  kill: () => Promise<unknown> | void;
}

async function startStdio(): Promise<Server> {
  const host = await startHost([fixture("one")]);
  const { pid } = await structured(host, "one", "processes");
  return { host, kill: () => void process.kill(Number(pid), "SIGKILL") };
}

/** In a process of its own: it may be blocked or killed. */
async function startRemote(type: "http" | "sse" | "websocket"): Promise<Server> {
  const { firstLine, kill } = await startProgram(FIXTURE_HTTP_PROGRAM);
  const urls = JSON.parse(firstLine) as { httpUrl: string; sseUrl: string; webSocketUrl: string };
  const url = { http: urls.httpUrl, sse: urls.sseUrl, websocket: urls.webSocketUrl }[type];
  return { host: await startHost([settings("one", { type, url, headers: {} })]), kill };
}

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

const START = {
  stdio: startStdio,
  http: () => startRemote("http"),
  sse: () => startRemote("sse"),
  websocket: () => startRemote("websocket"),
};

/**
 * Calls a tool, aborts it once the server runs it, and tells what came of that and when, and whether that stood fast
 * already when what is done meanwhile was over.
 */
async function cancel(host: Host, tool: string, given: Record<string, unknown>, meanwhile?: Server["kill"]) {
  const controller = new AbortController();
  const reason = new Error("cancelled by the user");
  const onStopping = vi.fn<(stopped: Promise<boolean>) => void>();
  const running = host.callTool({
    server: "one",
    tool,
    arguments: given,
    signal: controller.signal,
    onStopping,
  });
  const rejection = running.catch((error: unknown) => error);
  const isRunning = async () => expect(await structured(host, "one", "stats")).toMatchObject({ running: 1 });
  await vi.waitFor(isRunning, { timeout: 15_000 });
  const abortedAt = performance.now();
  controller.abort(reason);
  expect(onStopping).toHaveBeenCalledTimes(1);
  expect(await rejection).toBe(reason);
  expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  await meanwhile?.();
  const stopped = onStopping.mock.calls[0]?.[0];
  const isDecided = await Promise.race([stopped?.then(() => true), nextTurn(false)]);
  const gaveIn = await stopped;
  return { gaveIn, isDecided, afterMs: performance.now() - abortedAt };
}

describe.each(["stdio", "http", "sse", "websocket"] as const)("over %s", (type) => {
  test(`[host.cancel.proof] a tool that stops over ${type} is seen to have given in`, async () => {
    const { host } = await START[type]();
    const { gaveIn, afterMs } = await cancel(host, "wait", { ms: 60_000 });
    expect(gaveIn).toBe(true);
    // It is known by what the server said, and not by the end of the five seconds.
    expect(afterMs).toBeLessThan(4_500);
    expect(await structured(host, "one", "stats")).toMatchObject({ cancelled: ["wait"], running: 0 });
  });

  test(`[host.cancel.proof] an error in answer to the cancelling over ${type} is giving in`, async () => {
    const { host } = await START[type]();
    for (const as of ["error", "result"]) {
      expect(await cancel(host, "cancel_error", { as })).toMatchObject({ gaveIn: true });
    }
  });
});

test("[host.cancel.ignored] a tool that goes on to its end has not given in, over any transport", async () => {
  const seen = Object.values(START).map(async (start) => {
    const { host } = await start();
    // Its result is the proof: at the deadline it would have been silent for long enough to count as stopped.
    expect(await cancel(host, "stubborn", { ms: 3_000 })).toMatchObject({ gaveIn: false });
    expect(await structured(host, "one", "stats")).toMatchObject({ cancelled: ["stubborn"] });
  });
  await Promise.all(seen);
});

/** The long ones run side by side, each with a server of its own. */
const LONG = ["stdio", "http"] as const;

test("[host.cancel.ignored] a tool that never stops is given up after 5 s, and harms no other call", async () => {
  const seen = LONG.map(async (type) => {
    const { host } = await START[type]();
    const { gaveIn, afterMs } = await cancel(host, "stubborn", { ms: 30_000 });
    expect(gaveIn).toBe(false);
    expect(afterMs).toBeGreaterThan(4_900);
    expect(afterMs).toBeLessThan(15_000);
    expect(await call(host, "one", "echo", { arguments: { text: "hi" } })).toMatchObject({ ok: true });
  });
  await Promise.all(seen);
});

test("[host.cancel.ignored] a server that reads nothing is given up after 5 s", async () => {
  const seen = LONG.map(async (type) => {
    const { host } = await START[type]();
    const { gaveIn, afterMs } = await cancel(host, "deaf", { ms: 20_000 });
    expect(gaveIn).toBe(false);
    expect(afterMs).toBeLessThan(15_000);
  });
  await Promise.all(seen);
});

test.each([
  ["stdio", true],
  ["http", false],
  ["websocket", false],
] as const)(
  "[host.cancel.lost] a connection over %s that is lost meanwhile counts as having given in: %s",
  async (type, expected) => {
    const { host, kill } = await START[type]();
    const seen: string[] = [];
    host.onChange(() => seen.push(report(host, "one").status));
    const lose = async () => {
      await kill();
      await vi.waitFor(() => expect(seen).toContain("disconnected"), 20_000);
    };
    expect(await cancel(host, "stubborn", { ms: 30_000 }, lose)).toMatchObject({
      gaveIn: expected,
      isDecided: true,
    });
  },
);

test("[host.cancel.lost] closing the host ends the watch", async () => {
  const { host } = await START.stdio();
  const close = () => host.close();
  expect(await cancel(host, "stubborn", { ms: 30_000 }, close)).toMatchObject({
    gaveIn: true,
    isDecided: true,
  });
});

test.each(["http", "sse"] as const)(
  "[host.call.abort] a notice never overtakes its call over %s, however soon it follows",
  async (type) => {
    const { host } = await START[type]();
    for (let round = 0; round < 60; round += 1) {
      const controller = new AbortController();
      const running = call(host, "one", "wait", { arguments: { ms: 60_000 }, signal: controller.signal });
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      await running.catch(() => {});
    }
    const allWereTold = async () => {
      const { cancelled, running } = await structured(host, "one", "stats");
      expect({ cancelled: (cancelled as string[]).length, running }).toEqual({ cancelled: 60, running: 0 });
    };
    await vi.waitFor(allWereTold, { timeout: 15_000 });
  },
);

test("[host.cancel.unsent] nothing is stopped of a call that was never sent, timed out or has ended", async () => {
  const host = await startHost([fixture("one", [], { maxConcurrentTools: 1, toolTimeoutMs: 2_000 })]);
  const onStopping = vi.fn<(stopped: Promise<boolean>) => void>();
  const wait = (ms: number, signal: AbortSignal) =>
    host.callTool({ server: "one", tool: "wait", arguments: { ms }, signal, onStopping });
  const controller = new AbortController();

  const timedOut = wait(60_000, new AbortController().signal);
  const inLine = wait(1, controller.signal);
  const ended = wait(1, new AbortController().signal);
  controller.abort();
  await expect(inLine).rejects.toThrow("aborted");
  await expect(wait(1, controller.signal)).rejects.toThrow("aborted");
  expect(await timedOut).toMatchObject({ ok: false, error: { code: "tool_timeout" } });
  expect(await ended).toMatchObject({ ok: true });
  expect(onStopping).not.toHaveBeenCalled();
});

test("[host.cancel.clean] a watch that is over leaves no timer and no listener", async () => {
  const host = await startHost([fixture("one")]);
  await call(host, "one", "echo", { arguments: { text: "warm" } });
  const before = activeTimers();
  for (const [tool, given] of [
    ["wait", { ms: 60_000 }],
    ["cancel_error", { as: "error" }],
    ["stubborn", { ms: 2_000 }],
  ] as const) {
    await cancel(host, tool, given);
  }
  await vi.waitFor(() => expect(activeTimers()).toBe(before), 20_000);
});
