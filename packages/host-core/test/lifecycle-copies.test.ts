import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Host } from "@millrace/host-core";
import { call, fixture, report, settings, startHost, structured } from "./hosts.ts";
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

/** Such a server may ask for a model, and so gets one call at a time on each connection. */
const ASKING = {
  instances: 2,
  maxConcurrentTools: 5,
  questions: { sampling: true, elicitation: null, roots: [] },
};

test("[host.questions.one_call] a copy that is away gives its place to no call on the others", async () => {
  const folder = await mkdtemp(join(tmpdir(), "copies-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  // Only one of them gets the lock.
  const { transport } = fixture("std", [join(folder, "lock")]);
  if (transport.type !== "stdio") throw new Error("the fixture is not over stdio");
  const script = 'mkdir "$2" && exec "$0" "$1"';
  const args = ["-c", script, transport.command, ...transport.args];
  const host = await startHost([settings("std", { ...transport, command: "sh", args }, ASKING)]);
  await vi.waitFor(() => expect(report(host, "std").last_error).toMatch(/copy [12] of 2/), PATIENCE);
  const waits = [1, 2].map(() => call(host, "std", "wait", { arguments: { ms: 300 } }));
  expect(await Promise.all(waits)).toMatchObject([{ ok: true }, { ok: true }]);
  expect(await structured(host, "std", "stats")).toMatchObject({ mostRunning: 1 });
});

test("[host.questions.one_call] a copy that reads resources gets no call less than one that runs a call", async () => {
  const host = await startHost([fixture("std", [], ASKING)]);
  await vi.waitFor(async () => expect(new Set(await pidsOf(host, 2)).size).toBe(2), PATIENCE);
  const { signal } = new AbortController();
  const wait = () => call(host, "std", "wait", { arguments: { ms: 500 } });
  const read = () => host.readResource("std", "fixture://text/10", signal);
  // Which copy is next depends on how many requests each has had, and so do the turns.
  for (let turn = 0; turn < 4; turn += 1) {
    const [first, ...reads] = [wait(), read(), read(), read()];
    await Promise.all([first, ...reads, wait()]);
    await pidOf(host);
  }
  const stats = await Promise.all([1, 2].map(() => structured(host, "std", "stats")));
  expect(stats).toMatchObject([{ mostRunning: 1 }, { mostRunning: 1 }]);
});

test("[host.questions.one_call] a copy that rests is woken for a call that the others have no place for", async () => {
  const changes = { ...ASKING, lifecycle: "lazy", idleTimeoutMs: 500 } as const;
  const host = await startHost([fixture("std", [], changes)]);
  const pids = new Set<number>();
  await vi.waitFor(async () => expect(pids.add(await pidOf(host)).size).toBe(2), PATIENCE);
  // One runs, longer than the other takes to rest and to come back.
  const running = new AbortController();
  const wait = { arguments: { ms: 60_000 }, signal: running.signal };
  const long = call(host, "std", "wait", wait).catch(() => "cancelled");
  await vi.waitFor(() => expect([...pids].filter(isRunning).length).toBeLessThan(2), PATIENCE);
  expect(await pidOf(host)).toBeGreaterThan(0);
  running.abort(new Error("enough"));
  expect(await long).toBe("cancelled");
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
