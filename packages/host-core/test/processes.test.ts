import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test, vi } from "vitest";
import { startProcessGuard } from "@millrace/host-core";
import { connections, patience } from "./connections.ts";
import { call, fixture, startHost, structured } from "./hosts.ts";
import { isRunning, startProgram } from "./programs.ts";

const HOST_PROGRAM = fileURLToPath(new URL("host-program.ts", import.meta.url));

/** Less than any time of grace. The fastest of several is below it: a busy machine only adds to it. */
const AT_ONCE_MS = 2_000;
const TRIES_MAX = 5;

/** Tries until it went at once, but no more than a few times. */
async function fastestOf(measure: () => Promise<number>): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES_MAX && fastest >= AT_ONCE_MS; tries += 1) {
    fastest = Math.min(fastest, await measure());
  }
  return fastest;
}

const waitForEnd = (pid: unknown) =>
  vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000 });

test("[host.processes.close] close leaves no child and no grandchild, not even stubborn ones", async () => {
  const host = await startHost([fixture("std", ["--ignore-sigterm", "--grandchild"])]);
  const { pid, grandchild } = await structured(host, "std", "processes");
  expect([isRunning(pid), isRunning(grandchild)]).toEqual([true, true]);
  await host.close();
  expect([isRunning(pid), isRunning(grandchild)]).toEqual([false, false]);
});

test("[host.processes.close] a server that ends when its stdin closes is not waited for any longer", async () => {
  const fastest = await fastestOf(async () => {
    const host = await startHost([fixture("std")]);
    const { pid } = await structured(host, "std", "processes");
    const startedAt = performance.now();
    await host.close();
    expect(isRunning(pid)).toBe(false);
    return performance.now() - startedAt;
  });
  expect(fastest).toBeLessThan(AT_ONCE_MS);
});

test("[host.processes.early] a server starts at once, and close ends it while nobody can speak to it yet", async () => {
  const running = new Set<number>();
  const processGuard = {
    add: (group: number) => running.add(group),
    remove: (group: number) => running.delete(group),
  };
  const { connection } = connections({ processGuard })(fixture("std"));
  const refused = connection.connect(patience()).catch((error: Error) => error.message);
  expect(running.size).toBe(1);
  await connection.close();
  expect([...running]).toEqual([]);
  expect(await refused).toBe("the connection was closed");
});

test("[host.processes.crash] what a crashed server leaves behind is ended, and the host hears of the crash at once", async () => {
  const fastest = await fastestOf(async () => {
    const host = await startHost([fixture("std", ["--grandchild"])]);
    const { grandchild } = await structured(host, "std", "processes");
    const startedAt = performance.now();
    const answer = await call(host, "std", "exit");
    const afterMs = performance.now() - startedAt;
    expect(answer).toMatchObject({ ok: false, error: { code: "server_unavailable" } });
    await waitForEnd(grandchild);
    return afterMs;
  });
  expect(fastest).toBeLessThan(AT_ONCE_MS);
});

test("[host.processes.environment] a server sees its own variables and a handful more", async () => {
  const cache = await mkdtemp(join(tmpdir(), "millrace-compiled-"));
  onTestFinished(() => rm(cache, { recursive: true }));
  vi.stubEnv("MILLRACE_PRIVATE", "not for servers");
  vi.stubEnv("NODE_COMPILE_CACHE", cache);
  onTestFinished(() => void vi.unstubAllEnvs());
  const host = await startHost([fixture("std")]);
  const { names } = await structured(host, "std", "environment");
  expect(names).toContain("PATH");
  expect(names).toContain("NODE_COMPILE_CACHE");
  expect(names).toContain("MILLRACE_TEST_RUN");
  expect(names).not.toContain("MILLRACE_PRIVATE");
});

test("[host.processes.guard] SIGKILL of the host leaves no server, no grandchild and no guard", async () => {
  const { firstLine, kill } = await startProgram(HOST_PROGRAM, ["--ignore-sigterm", "--grandchild"]);
  const { pid, grandchild, guard } = JSON.parse(firstLine) as Record<string, unknown>;
  expect([pid, grandchild, guard].map(isRunning)).toEqual([true, true, true]);
  await kill();
  await waitForEnd(pid);
  await waitForEnd(grandchild);
  await waitForEnd(guard);
});

/** A process group that writes its name when it gets SIGTERM, and then does `onTerm`. */
async function startGroup(
  name: string,
  onTerm = "exit",
): Promise<{ pid: number; lines: string[]; ended: Promise<unknown> }> {
  const script = `trap 'echo ${name}; ${onTerm}' TERM; echo ready; while :; do sleep 0.05; done`;
  const child = spawn("sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const ended = once(child, "close");
  await once(reader, "line");
  if (child.pid === undefined) throw new Error("sh could not be started");
  return { pid: child.pid, lines, ended };
}

test("[host.guard.order] the guard ends what is registered, the last first, and leaves what was removed", async () => {
  const [first, second, removed] = await Promise.all([
    startGroup("first"),
    startGroup("second"),
    startGroup("removed"),
  ]);
  const order: string[] = [];
  void first.ended.then(() => order.push("first"));
  void second.ended.then(() => order.push("second"));
  const guard = startProcessGuard({ graceMs: 5_000 });
  for (const { pid } of [first, second, removed]) guard.add(pid);
  guard.remove(removed.pid);
  await guard.close();
  await Promise.all([first.ended, second.ended]);
  expect(order).toEqual(["second", "first"]);
  expect([first.lines, second.lines]).toEqual([
    ["ready", "first"],
    ["ready", "second"],
  ]);
  expect(isRunning(removed.pid)).toBe(true);
  process.kill(-removed.pid, "SIGKILL");
  await removed.ended;
});

test("[host.guard.together] groups of equal rank are all told to end at once, and wait for none of the others", async () => {
  const groups = await Promise.all([startGroup("first", ":"), startGroup("second", ":")]);
  const guard = startProcessGuard({ graceMs: 600_000, order: "together" });
  for (const { pid } of groups) guard.add(pid);
  const closed = guard.close();
  const told = () => groups.map(({ lines }) => lines.at(-1));
  await vi.waitFor(() => expect(told()).toEqual(["first", "second"]), { timeout: 10_000 });
  for (const { pid } of groups) process.kill(-pid, "SIGKILL");
  await Promise.all([closed, ...groups.map(({ ended }) => ended)]);
});

test("[host.guard.lost] a guard that is killed is reported, and is harmless to use; one that is closed is not", async () => {
  const lost = Promise.withResolvers<string>();
  const killed = startProcessGuard({ graceMs: 0, onLost: lost.resolve });
  process.kill(killed.pid ?? 0, "SIGKILL");
  expect(await lost.promise).toContain("SIGKILL");
  killed.add(123_456);
  await killed.close();

  const reasons: string[] = [];
  const closed = startProcessGuard({ graceMs: 0, onLost: (reason) => void reasons.push(reason) });
  expect(() => closed.add(1)).toThrow(RangeError);
  await closed.close();
  await closed.close();
  expect(reasons).toEqual([]);
});
