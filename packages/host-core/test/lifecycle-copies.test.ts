import { expect, test, vi } from "vitest";
import type { Host } from "@millrace/host-core";
import { call, fixture, report, startHost, structured } from "./hosts.ts";
import { isRunning } from "./programs.ts";

const PATIENCE = { timeout: 20_000 };

async function pidOf(host: Host): Promise<number> {
  const { pid } = await structured(host, "std", "processes");
  return Number(pid);
}

/** One call each for as many copies: the least used one is next. */
async function pidsOf(host: Host, copies: number): Promise<number[]> {
  const pids: number[] = [];
  for (let copy = 0; copy < copies; copy += 1) pids.push(await pidOf(host));
  return pids;
}

test("[host.instances.spread] calls are spread over the copies of a server, and its tools are listed once", async () => {
  const host = await startHost([fixture("std", [], { instances: 3, maxConcurrentTools: 6 })]);
  await vi.waitFor(async () => expect(new Set(await pidsOf(host, 3)).size).toBe(3), PATIENCE);
  const names = host.tools().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const waits = Array.from({ length: 6 }, () => call(host, "std", "wait", { arguments: { ms: 500 } }));
  await Promise.all(waits);
  const stats = await Promise.all([1, 2, 3].map(() => structured(host, "std", "stats")));
  expect(stats.map(({ mostRunning }) => mostRunning)).toEqual([2, 2, 2]);
});

test("[host.instances.lost] a copy that dies takes no call from the others, is named, and comes back", async () => {
  const host = await startHost([fixture("std", [], { instances: 2 })]);
  // One that came later may get several calls in a row, until it has had as many as the other.
  const [victim, other] = await vi.waitFor(async () => {
    const found = new Set(await pidsOf(host, 2));
    expect(found.size).toBe(2);
    return [...found];
  }, PATIENCE);
  const errors: (string | null)[] = [];
  const stop = host.onChange(() => errors.push(report(host, "std").last_error));
  process.kill(victim ?? 0, "SIGKILL");
  await vi.waitFor(() => expect(errors.join("\n")).toMatch(/copy [12] of 2: .*SIGKILL/), PATIENCE);
  expect(report(host, "std").status).toBe("connected");
  expect(await pidOf(host)).not.toBe(victim);
  await vi.waitFor(() => expect(report(host, "std").last_error).toBeNull(), PATIENCE);
  const pids = new Set<number>();
  await vi.waitFor(async () => expect(pids.add(await pidOf(host)).size).toBe(2), PATIENCE);
  expect([pids.has(other ?? 0), pids.has(victim ?? 0)]).toEqual([true, false]);
  stop();
});

test("[host.instances.announced] what a copy announces is listed from that copy", async () => {
  const host = await startHost([fixture("std", [], { instances: 2 })]);
  await vi.waitFor(async () => expect(new Set(await pidsOf(host, 2)).size).toBe(2), PATIENCE);
  const names = () => host.tools().map(({ tool_name }) => tool_name);
  // It has had one call more than the other then, which is next.
  await call(host, "std", "grow", { arguments: { name: "later" } });
  await vi.waitFor(() => expect(names()).toContain("later"), PATIENCE);
});

test("[host.lazy.rest] a lazy server rests after its idle timeout, keeps its tools listed, and comes back for a call", async () => {
  const host = await startHost([fixture("std", [], { lifecycle: "lazy", idleTimeoutMs: 500 })]);
  const pid = await pidOf(host);
  expect(report(host, "std").status).toBe("connected");
  // Longer than the timeout: a call that runs is no idleness.
  expect(await call(host, "std", "wait", { arguments: { ms: 1_000 } })).toMatchObject({ ok: true });
  expect(await pidOf(host)).toBe(pid);
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), PATIENCE);
  const { status, last_error, tools } = report(host, "std");
  expect({ status, last_error }).toEqual({ status: "disconnected", last_error: null });
  expect(tools.length).toBeGreaterThan(0);
  const again = await pidOf(host);
  expect(again).not.toBe(pid);
  await vi.waitFor(() => expect(isRunning(again)).toBe(false), PATIENCE);
});

test("[host.retire] a server that is taken away finishes its calls, takes no new ones, and leaves no process", async () => {
  const std = fixture("std", [], { maxConcurrentTools: 1 });
  const host = await startHost([std, fixture("other")]);
  const pid = await pidOf(host);
  const running = call(host, "std", "wait", { arguments: { ms: 700 } });
  const queued = call(host, "std", "wait", { arguments: { ms: 1 } });
  await new Promise((resolve) => setImmediate(resolve));
  await host.reload([fixture("other")]);
  expect(await call(host, "std", "echo")).toMatchObject({ ok: false, error: { code: "unknown_server" } });
  expect(isRunning(pid)).toBe(true);
  expect(await Promise.all([running, queued])).toMatchObject([{ ok: true }, { ok: true }]);
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), PATIENCE);
});
