import { expect, test, vi } from "vitest";
import { FIXTURE_HTTP_PROGRAM } from "@millrace/testing";
import {
  call,
  fixture,
  makeHost,
  recordingLogger,
  report,
  settings,
  startHost,
  structured,
} from "./hosts.ts";
import { startProgram } from "./programs.ts";

const PATIENCE = { timeout: 15_000 };

async function pidOf(host: Parameters<typeof structured>[0], server: string): Promise<number> {
  const { pid } = await structured(host, server, "processes");
  return pid as number;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const waitForEnd = (pid: number) => vi.waitFor(() => expect(isRunning(pid)).toBe(false), PATIENCE);

const MISSING = { transport: { type: "stdio", command: "/no/such/program", args: [], env: {} } } as const;

test("[host.reload.diff] only what has changed is started anew; the rest keeps its process", async () => {
  const host = await startHost([fixture("same"), fixture("other"), fixture("gone")]);
  const before = { same: await pidOf(host, "same"), other: await pidOf(host, "other") };
  const gone = await pidOf(host, "gone");
  const reloaded = await host.reload([fixture("new"), fixture("other", ["--noise"]), fixture("same")]);
  expect(reloaded).toEqual({
    added: ["new"],
    removed: ["gone"],
    changed: ["other"],
    unchanged: ["same"],
    errors: [],
  });
  expect(host.reports().map(({ name, status }) => [name, status])).toEqual([
    ["new", "connected"],
    ["other", "connected"],
    ["same", "connected"],
  ]);
  expect(await pidOf(host, "same")).toBe(before.same);
  expect(await pidOf(host, "other")).not.toBe(before.other);
  await waitForEnd(gone);
  await waitForEnd(before.other);
  expect(await call(host, "gone", "stats")).toMatchObject({ ok: false, error: { code: "unknown_server" } });
  expect(host.tools().map(({ server_name }) => server_name)).not.toContain("gone");
});

test("[host.reload.keep] a change that the connection does not depend on keeps the process", async () => {
  const host = await startHost([fixture("std")]);
  const pid = await pidOf(host, "std");
  const reloaded = await host.reload([fixture("std", [], { displayName: "Other", denyTools: ["echo"] })]);
  expect(reloaded).toMatchObject({ changed: ["std"], added: [], removed: [], unchanged: [] });
  expect(await pidOf(host, "std")).toBe(pid);
  expect(report(host, "std").display_name).toBe("Other");
  const refused = await call(host, "std", "echo", { arguments: { text: "x" } });
  expect(refused).toMatchObject({ ok: false, error: { code: "unknown_tool" } });
});

test("[host.reload.calls] a call in flight finishes where it is, and its server ends after it", async () => {
  const host = await startHost([fixture("changed"), fixture("removed")]);
  const old = [await pidOf(host, "changed"), await pidOf(host, "removed")];
  const arguments_ = { arguments: { ms: 1_500 } };
  const calls = [call(host, "changed", "wait", arguments_), call(host, "removed", "wait", arguments_)];
  await host.reload([fixture("changed", ["--noise"])]);
  const pid = await pidOf(host, "changed");
  expect(old).not.toContain(pid);
  for (const outcome of await Promise.all(calls)) {
    expect(outcome).toMatchObject({ ok: true, result: { content: [{ text: "waited 1500 ms" }] } });
  }
  for (const each of old) await waitForEnd(each);
  expect(await pidOf(host, "changed")).toBe(pid);
});

test("[host.reload.calls] the old server takes calls until the new one has connected", async () => {
  const host = await startHost([fixture("std")]);
  const old = await pidOf(host, "std");
  const reloading = host.reload([fixture("std", ["--hang-initialize"])], 1_500);
  expect(await pidOf(host, "std")).toBe(old);
  expect(report(host, "std").status).toBe("connected");
  const { changed, errors } = await reloading;
  expect(changed).toEqual(["std"]);
  expect(errors).toEqual([{ server: "std", message: expect.stringContaining("1.5 s") as string }]);
  await waitForEnd(old);
});

test("[host.reload.errors] a new server that cannot start is reported, and harms no other", async () => {
  const host = await startHost([fixture("std")]);
  const pid = await pidOf(host, "std");
  const { errors } = await host.reload([fixture("std"), fixture("broken", [], MISSING)]);
  expect(errors).toEqual([
    { server: "broken", message: expect.stringContaining("/no/such/program") as string },
  ]);
  expect(report(host, "broken").status).toBe("error");
  expect(await pidOf(host, "std")).toBe(pid);
});

test("[host.reload.errors] a call to a server that never came up waits for its replacement", async () => {
  const host = await startHost([fixture("std", [], MISSING)]);
  const reloading = host.reload([fixture("std")]);
  // In the next turn of the event loop: by then the new server has the name.
  await Promise.resolve();
  expect(await pidOf(host, "std")).toBeGreaterThan(0);
  expect((await reloading).errors).toEqual([]);
});

test("[host.reload.errors] a server that was failing before is reported again although it has not changed", async () => {
  const servers = [fixture("std"), fixture("broken", [], MISSING)];
  const host = await startHost(servers);
  const { unchanged, errors } = await host.reload(servers);
  expect(unchanged).toEqual(["std", "broken"]);
  expect(errors).toEqual([
    { server: "broken", message: expect.stringContaining("/no/such/program") as string },
  ]);
});

test("[host.reload.waiting] a call that waits for its server to come back goes over to the one that takes its place", async () => {
  const program = await startProgram(FIXTURE_HTTP_PROGRAM);
  const { httpUrl } = JSON.parse(program.firstLine) as { httpUrl: string };
  const remote = (name: string) => settings(name, { type: "http", url: httpUrl, headers: {} });
  const host = await startHost([remote("moved"), remote("removed")]);
  await program.kill();
  for (const name of ["moved", "removed"]) {
    await vi.waitFor(() => expect(report(host, name).status).toBe("disconnected"), PATIENCE);
  }
  const calls = ["moved", "removed"].map((name) => call(host, name, "echo", { arguments: { text: "x" } }));
  await host.reload([fixture("moved")]);
  const [moved, removed] = await Promise.all(calls);
  expect(moved).toMatchObject({ ok: true, result: { content: [{ text: "x" }] } });
  expect(removed).toMatchObject({ ok: false, error: { code: "unknown_server" } });
});

test("[host.reload.many] many reloads at once leave one process, that of the last", async () => {
  const running = new Set<number>();
  const processGuard = {
    add: (group: number) => running.add(group),
    remove: (group: number) => running.delete(group),
  };
  const host = makeHost([], { processGuard });
  host.start();
  const seen: number[] = [];
  const count = process.env["MILLRACE_TEST_SIZE"] === "full" ? 20 : 8;
  const reloads = Array.from({ length: count }, async (_, index) => {
    const flags = index % 2 === 0 ? ["--noise"] : [];
    // Some are replaced before they have connected.
    await host.reload([fixture("std", flags)], 200);
    for (const group of running) seen.push(group);
  });
  await Promise.all(reloads);
  const last = await pidOf(host, "std");
  await vi.waitFor(() => expect([...running]).toEqual([last]), PATIENCE);
  expect(new Set(seen).size).toBeGreaterThanOrEqual(count);
  for (const pid of new Set(seen)) expect(isRunning(pid), String(pid)).toBe(pid === last);
});

test("[host.reload.close] a host that closes in the middle of a reload leaves no process", async () => {
  const running = new Set<number>();
  const processGuard = {
    add: (group: number) => running.add(group),
    remove: (group: number) => running.delete(group),
  };
  const host = await startHost([fixture("std")], { processGuard });
  const reloading = host.reload([fixture("std", ["--hang-initialize"]), fixture("new")]);
  const waiting = call(host, "std", "wait", { arguments: { ms: 60_000 } });
  await vi.waitFor(() => expect(running.size).toBe(3), PATIENCE);
  await host.close();
  await reloading;
  expect(await waiting).toMatchObject({ ok: false });
  expect([...running]).toEqual([]);
  expect((await host.reload([fixture("late")])).errors).toHaveLength(1);
  expect([...running]).toEqual([]);
});

test("[host.refresh] lists again what a server did not announce", async () => {
  const host = await startHost([fixture("std")]);
  expect(await call(host, "std", "grow", { arguments: { name: "later", silent: true } })).toMatchObject({
    ok: true,
  });
  const names = () => report(host, "std").tools.map(({ tool_name }) => tool_name);
  expect(names()).not.toContain("later");
  await host.refresh("std");
  expect(names()).toContain("later");
});

test("[host.required] names the required servers that are not connected", async () => {
  const required = { required: true };
  const host = makeHost([fixture("sound", [], required), fixture("broken", [], { ...required, ...MISSING })]);
  expect(host.missing()).toEqual(["sound", "broken"]);
  host.start();
  await host.whenWarm(20_000);
  expect(host.missing()).toEqual(["broken"]);
});

test("[host.reload.twins] servers of one name are refused, and nothing has changed", async () => {
  const host = makeHost([fixture("one")]);
  const twins = [fixture("two"), fixture("three"), fixture("two")];
  const message = 'server "two" is given twice: each needs a name of its own';
  await expect(host.reload(twins)).rejects.toThrow(message);
  expect(host.reports().map(({ name }) => name)).toEqual(["one"]);
  expect(() => makeHost(twins)).toThrow(message);
});

test("[host.listener] a listener that throws keeps no reload and no end from being whole", async () => {
  const logger = recordingLogger();
  const host = await startHost([fixture("std")], { logger });
  const pid = await pidOf(host, "std");
  const seen: string[][] = [];
  host.onChange(() => {
    throw new Error("my own bug");
  });
  host.onChange(() => seen.push(host.reports().map(({ name }) => name)));
  await host.reload([]);
  expect(seen).toContainEqual([]);
  await host.close();
  await waitForEnd(pid);
  expect(logger.entries).toContainEqual({
    level: "error",
    fields: { error: "my own bug" },
    message: "a listener for changes of the host failed",
  });
});
