import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock, type Host } from "@millrace/host-core";
import { FIXTURE_STDIO_PROGRAM, startFixtureHttp } from "@millrace/testing";
import { call, fixture, recordingLogger, report, settings, startHost, structured } from "./hosts.ts";
import { isRunning } from "./programs.ts";
import { startSessionProxy, type Refusal } from "./session-proxy.ts";

const PATIENCE = { timeout: 20_000 };
const UNAVAILABLE = { ok: false, error: { code: "server_unavailable" } };

async function pidOf(host: Host, server: string): Promise<number> {
  const { pid } = await structured(host, server, "processes");
  return Number(pid);
}

/** Resolves when the host has noticed. */
async function kill(host: Host, server: string, pid: number): Promise<void> {
  const noticed = Promise.withResolvers<void>();
  const stop = host.onChange(() => {
    if (report(host, server).status === "disconnected") noticed.resolve();
  });
  process.kill(pid, "SIGKILL");
  await noticed.promise;
  stop();
}

const waitForStatus = (host: Host, server: string, status: string) =>
  vi.waitFor(() => expect(report(host, server).status).toBe(status), PATIENCE);

/** A stdio server that runs `otherwise` as long as `file` is not there. */
function fixedBy(file: string, otherwise: string, changes: Parameters<typeof settings>[2] = {}) {
  const script = `test -e "$1" || ${otherwise}; exec "$2" "$3"`;
  const args = ["-c", script, "sh", file, process.execPath, FIXTURE_STDIO_PROGRAM];
  return settings("std", { type: "stdio", command: "sh", args, env: {} }, changes);
}

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-lifecycle-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "fixed");
}

test("[host.reconnect.killed] a server that is killed comes back by itself, and a call that came meanwhile runs there", async () => {
  const logger = recordingLogger();
  const host = await startHost([fixture("std"), fixture("other")], { logger });
  const [pid, other] = [await pidOf(host, "std"), await pidOf(host, "other")];
  await kill(host, "std", pid);
  expect(report(host, "std").last_error).toContain("SIGKILL");
  expect(report(host, "std").tools.length).toBeGreaterThan(0);
  const again = await pidOf(host, "std");
  expect(again).not.toBe(pid);
  expect([isRunning(pid), isRunning(again)]).toEqual([false, true]);
  expect(report(host, "std")).toMatchObject({ status: "connected", last_error: null });
  expect(await pidOf(host, "other")).toBe(other);
  const isLine = (fields: Record<string, unknown>) => fields["server"] === "std" && !("line" in fields);
  const lines = logger.entries.filter(({ fields }) => isLine(fields));
  expect(lines.map(({ message }) => message)).toEqual([
    "MCP server connected",
    "MCP server is not available",
    "MCP server connected",
  ]);
});

test("[host.reconnect.killed] many kills later it still comes back, with one process", async () => {
  const rounds = process.env["MILLRACE_TEST_SIZE"] === "full" ? 20 : 5;
  // Each life counts as a long one, or the breaker would rightly slow it down.
  let later = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + later };
  const host = await startHost([fixture("std")], { clock });
  const pids: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pid = await pidOf(host, "std");
    pids.push(pid);
    later += 60_000;
    await kill(host, "std", pid);
  }
  pids.push(await pidOf(host, "std"));
  expect(new Set(pids).size).toBe(rounds + 1);
  expect(pids.filter(isRunning)).toEqual([pids.at(-1)]);
}, 120_000);

test("[host.reconnect.start] a server that could not start is tried again until it can", async () => {
  const file = await temporaryFile();
  const host = await startHost([fixedBy(file, 'echo "no licence" >&2; test -e "$1" || exit 3')]);
  expect(report(host, "std")).toMatchObject({
    status: "error",
    last_error: expect.stringMatching(/code 3[^]*no licence/),
  });
  expect(await call(host, "std", "echo")).toMatchObject(UNAVAILABLE);
  await writeFile(file, "");
  await waitForStatus(host, "std", "connected");
  expect(report(host, "std").last_error).toBeNull();
  expect(await call(host, "std", "echo", { arguments: { text: "hi" } })).toMatchObject({ ok: true });
});

test("[host.reconnect.start] a server that hangs in its handshake is ended and tried again", async () => {
  const file = await temporaryFile();
  const host = await startHost([fixedBy(file, "exec sleep 600", { connectTimeoutMs: 3_000 })]);
  expect(report(host, "std")).toMatchObject({ status: "error", last_error: expect.stringContaining("3 s") });
  await writeFile(file, "");
  await waitForStatus(host, "std", "connected");
});

test("[host.reconnect.bounded] a server that never comes up and is slow to go never has two processes", async () => {
  const file = await temporaryFile();
  const script = 'echo begin >> "$0"; sleep 1; echo end >> "$0"';
  const slow = { connectTimeoutMs: 300 };
  const logger = recordingLogger();
  const broken = settings("std", { type: "stdio", command: "sh", args: ["-c", script, file], env: {} }, slow);
  const host = await startHost([broken], { logger });
  const lines = async () => (await readFile(file, "utf8")).trim().split("\n");
  await vi.waitFor(async () => expect((await lines()).length).toBeGreaterThan(6), PATIENCE);
  await host.close();
  const seen = await lines();
  expect(seen).toEqual(seen.map((_, index) => (index % 2 === 0 ? "begin" : "end")));
  expect(logger.entries.filter(({ level }) => level === "warn")).toHaveLength(1);
});

test("[host.reconnect.problem] a server whose configuration is wrong is not tried at all", async () => {
  const file = await temporaryFile();
  const script = `echo started > ${file}`;
  const host = await startHost([
    settings(
      "std",
      { type: "stdio", command: "sh", args: ["-c", script], env: {} },
      { problem: "environment variable not set: TOKEN" },
    ),
    fixture("other"),
  ]);
  expect(report(host, "std").status).toBe("error");
  await expect(rm(file)).rejects.toThrow("ENOENT");
});

test("[host.call.in_flight] a call in flight on a server that dies fails at once, and is not made again", async () => {
  const host = await startHost([fixture("std")]);
  const pid = await pidOf(host, "std");
  const waiting = call(host, "std", "wait", { arguments: { ms: 60_000 } });
  await vi.waitFor(
    async () => expect(await structured(host, "std", "stats")).toMatchObject({ running: 1 }),
    20_000,
  );
  process.kill(pid, "SIGKILL");
  expect(await waiting).toMatchObject({ ...UNAVAILABLE, isAnswerLost: true });
  expect(await structured(host, "std", "stats")).toMatchObject({ calls: 0 });
});

const REFUSALS: Refusal[] = [
  { status: 404 },
  { status: 400, body: '{"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}' },
];

test.each(REFUSALS)(
  "[host.session.gone] calls that a restarted HTTP server refuses with $status run in a new session",
  async (refusal) => {
    const first = await startFixtureHttp();
    const second = await startFixtureHttp();
    onTestFinished(() => second.close());
    const proxy = await startSessionProxy(first.httpUrl, refusal);
    const host = await startHost([settings("far", { type: "http", url: proxy.url, headers: {} })]);
    const add = () => call(host, "far", "add", { arguments: { a: 1, b: 2 } });
    expect(await add()).toMatchObject({ ok: true });
    proxy.restart(second.httpUrl);
    await first.close();
    expect(await add()).toMatchObject({ ok: true, result: { structured_content: { sum: 3 } } });
    expect(proxy.calls).toHaveLength(3);
    expect(report(host, "far")).toMatchObject({ status: "connected", last_error: null });
    await host.close();
  },
);

test.each(REFUSALS)(
  "[host.session.gone] so do many calls at once that it refuses with $status, one after the other",
  async (refusal) => {
    const [first, second] = [await startFixtureHttp(), await startFixtureHttp()];
    for (const server of [first, second]) onTestFinished(() => server.close());
    const proxy = await startSessionProxy(first.httpUrl, refusal);
    const many = { maxConcurrentTools: 40 };
    const host = await startHost([settings("far", { type: "http", url: proxy.url, headers: {} }, many)]);
    proxy.restart(second.httpUrl);
    const calls = [];
    for (let count = 0; count < 40; count += 1) {
      calls.push(call(host, "far", "add", { arguments: { a: 1, b: 2 } }));
      // Sent while earlier ones are being refused.
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const outcome of await Promise.all(calls)) expect(outcome).toMatchObject({ ok: true });
    await host.close();
  },
);

test("[host.session.gone] a call that is refused twice fails", async () => {
  const server = await startFixtureHttp();
  onTestFinished(() => server.close());
  const other = await startFixtureHttp();
  onTestFinished(() => other.close());
  const proxy = await startSessionProxy(server.httpUrl, { status: 404 });
  const host = await startHost([settings("far", { type: "http", url: proxy.url, headers: {} })]);
  let targets = 0;
  const stop = host.onChange(() => {
    // As soon as it is connected again, its session is forgotten again.
    if (report(host, "far").status === "connected")
      proxy.restart((targets += 1) % 2 ? server.httpUrl : other.httpUrl);
  });
  proxy.restart(other.httpUrl);
  expect(await call(host, "far", "add", { arguments: { a: 1, b: 2 } })).toMatchObject(UNAVAILABLE);
  expect(proxy.calls).toHaveLength(2);
  stop();
  await host.close();
});
