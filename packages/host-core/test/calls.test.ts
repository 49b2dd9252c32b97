import { expect, test, vi } from "vitest";
import type { Host, ToolProgress } from "@millrace/host-core";
import { FIXTURE_HTTP_PROGRAM, ODD_TOOLS_PROGRAM } from "@millrace/testing";
import { Slots } from "../src/server/slots.ts";
import { fakeServer } from "./fake-connections.ts";
import { call, fixture, report, settings, startHost, structured } from "./hosts.ts";
import { startProgram } from "./programs.ts";

/** Until the server says so itself; on a busy machine that takes a while. */
async function waitForStats(host: Host, server: string, expected: object): Promise<void> {
  const check = async () => expect(await structured(host, server, "stats")).toMatchObject(expected);
  await vi.waitFor(check, { timeout: 15_000 });
}

test.each([
  ["the tool stops", false],
  ["the tool ignores it", true],
])(
  "[host.call.abort] an aborted call rejects at once and the server is told, also when %s",
  async (_what, ignore_cancel) => {
    const host = await startHost([fixture("std", [], { maxConcurrentTools: 1 })]);
    const controller = new AbortController();
    const reason = new Error("cancelled by the user");
    // Its slot is the only one, so the wait is seen running when the abort comes, and stats runs after it.
    const waiting = call(host, "std", "wait", {
      arguments: { ms: 3_000, ignore_cancel },
      signal: controller.signal,
    });
    const second = call(host, "std", "stats");
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(await second).toMatchObject({ ok: true });
    await waitForStats(host, "std", { cancelled: ["wait"] });
  },
);

test("[host.call.abort] a call that waits for a slot leaves the line when it aborts, and never runs", async () => {
  const host = await startHost([fixture("std", [], { maxConcurrentTools: 1 })]);
  const running = call(host, "std", "wait", { arguments: { ms: 200 } });
  const controller = new AbortController();
  const waiting = call(host, "std", "wait", { arguments: { ms: 1 }, signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toThrow("aborted");
  expect(await running).toMatchObject({ ok: true });
  expect(await structured(host, "std", "stats")).toMatchObject({ calls: 1, cancelled: [] });
});

test("[host.call.abort] aborting after the answer tells the server nothing", async () => {
  const host = await startHost([fixture("std")]);
  const controller = new AbortController();
  await call(host, "std", "wait", { arguments: { ms: 1 }, signal: controller.signal });
  controller.abort();
  expect(await structured(host, "std", "stats")).toMatchObject({ calls: 1, cancelled: [] });
});

test("[host.call.timeout] a call is cut off after the server's tool_timeout, counted from when it runs", async () => {
  const host = await startHost([fixture("std", [], { maxConcurrentTools: 1, toolTimeoutMs: 2_000 })]);
  const wait = (ms: number) => call(host, "std", "wait", { arguments: { ms } });
  // The last of them waits in line for longer than its own timeout.
  const short = Array.from({ length: 8 }, () => wait(300));
  expect(await wait(60_000)).toMatchObject({
    ok: false,
    error: { code: "tool_timeout", message: expect.stringMatching(/"wait".*"std".*2 s/) },
  });
  expect(await Promise.all(short)).toMatchObject(short.map(() => ({ ok: true })));
  await waitForStats(host, "std", { cancelled: ["wait"] });
});

test("[host.call.limit] a server gets no more calls at once than its limit", async () => {
  const host = await startHost([fixture("std", [], { maxConcurrentTools: 3 })]);
  await Promise.all(Array.from({ length: 9 }, () => call(host, "std", "wait", { arguments: { ms: 50 } })));
  expect(await structured(host, "std", "stats")).toMatchObject({ calls: 9, mostRunning: 3 });
});

test("[host.slots.shared] a call that waits for its own server takes no place from those of others", async () => {
  const hostCalls = new Slots(2);
  const echo = { toolName: "one", arguments: {}, signal: new AbortController().signal };
  const answer = Promise.withResolvers<void>();
  const callTool = async () => {
    await answer.promise;
    return { content: [], structuredContent: null, isError: false, misfits: [] };
  };
  const single = fixture("fake", [], { maxConcurrentTools: 1 });
  const busy = fakeServer(() => ({ callTool }), { hostCalls, settings: single });
  const free = fakeServer(() => ({}), { hostCalls });
  await Promise.all([busy.server.start(), free.server.start()]);
  const calls = [busy.server.call(echo), busy.server.call(echo)];
  expect(await free.server.call(echo)).toMatchObject({ ok: true });
  answer.resolve();
  expect(await Promise.all(calls)).toMatchObject([{ ok: true }, { ok: true }]);
});

test("[host.slots.fair] a job with many calls does not stand in front of another's single call", async () => {
  const host = await startHost([fixture("std", [], { maxConcurrentTools: 1 })]);
  const ended: string[] = [];
  const wait = async (name: string, caller: object) => {
    const { signal } = new AbortController();
    await host.callTool({ server: "std", tool: "wait", arguments: { ms: 10 }, signal, caller });
    ended.push(name);
  };
  const [one, other] = [{}, {}];
  await Promise.all(["1", "2", "3", "4"].map((name) => wait(name, one)).concat(wait("single", other)));
  expect(ended).toEqual(["1", "2", "single", "3", "4"]);
});

test("[host.call.refused] what cannot run is refused before the server is asked", async () => {
  const host = await startHost([fixture("std")]);
  expect(await call(host, "nobody", "echo")).toMatchObject({ ok: false, error: { code: "unknown_server" } });
  expect(await call(host, "std", "ecko")).toMatchObject({ ok: false, error: { code: "unknown_tool" } });
  expect(await call(host, "std", "echo", { arguments: { text: 7 } })).toMatchObject({
    ok: false,
    error: { code: "invalid_arguments", errors: [{ path: "arguments.text" }] },
  });
});

test("[host.call.rejected] a protocol error of the server keeps its message", async () => {
  const host = await startHost([fixture("std")]);
  expect(await call(host, "std", "reject")).toMatchObject({
    ok: false,
    error: { code: "call_rejected", message: expect.stringContaining("open the page first") },
  });
});

test("[host.call.tool_error] a tool that answers isError has been called successfully", async () => {
  const host = await startHost([fixture("std")]);
  expect(await call(host, "std", "fail")).toMatchObject({
    ok: true,
    result: { is_error: true, content: [{ text: "this tool always fails" }] },
  });
});

test("[host.call.too_large] a result over the limit is refused alone, also one over 10 MB", async () => {
  const host = await startHost([fixture("std", [], { resultLimitBytes: 1_000 })]);
  const big = (bytes: number) => call(host, "std", "big", { arguments: { bytes } });
  expect(await big(500)).toMatchObject({ ok: true });
  expect(await big(2_000)).toMatchObject({ ok: false, error: { code: "result_too_large" } });
  expect(await big(12_000_000)).toMatchObject({ ok: false, error: { code: "result_too_large" } });
  expect(await big(500)).toMatchObject({ ok: true });
});

test("[host.call.progress] progress reaches the caller", async () => {
  const host = await startHost([fixture("std")]);
  const seen: ToolProgress[] = [];
  const onProgress = (progress: ToolProgress) => void seen.push(progress);
  const signal = new AbortController().signal;
  await host.callTool({ server: "std", tool: "progress", arguments: { steps: 3 }, signal, onProgress });
  expect(seen).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })));
});

test("[host.call.lost] a server that dies during a call makes it server_unavailable; others do not notice", async () => {
  const host = await startHost([fixture("dying"), fixture("other")]);
  let changes = 0;
  const stop = host.onChange(() => (changes += 1));
  const other = call(host, "other", "wait", { arguments: { ms: 300 } });
  const [waiting, exit] = await Promise.all([
    call(host, "dying", "wait", { arguments: { ms: 60_000 } }),
    call(host, "dying", "exit", { arguments: { code: 7 } }),
  ]);
  const lost = {
    ok: false,
    error: {
      code: "server_unavailable",
      message: expect.stringMatching(/"dying".*disconnected.*code 7[^]*told to exit/),
    },
  };
  expect([waiting, exit]).toMatchObject([lost, lost]);
  expect(report(host, "dying").status).toBe("disconnected");
  expect(changes).toBe(1);
  stop();
  expect(await other).toMatchObject({ ok: true });
  expect(await call(host, "dying", "echo", { arguments: { text: "hi" } })).toMatchObject({ ok: true });
});

test.each(["http", "sse", "websocket"] as const)(
  "[host.call.lost] a server that is killed ends its calls over %s as well",
  async (type) => {
    const { firstLine, kill } = await startProgram(FIXTURE_HTTP_PROGRAM);
    const urls = JSON.parse(firstLine) as { httpUrl: string; sseUrl: string; webSocketUrl: string };
    const url = { http: urls.httpUrl, sse: urls.sseUrl, websocket: urls.webSocketUrl }[type];
    const host = await startHost([settings("far", { type, url, headers: {} })]);
    const waiting = call(host, "far", "wait", { arguments: { ms: 60_000 } });
    await waitForStats(host, "far", { running: 1 });
    await kill();
    expect(await waiting).toMatchObject({ ok: false, error: { code: "server_unavailable" } });
    // Over HTTP the call's own stream may tell of it first.
    await vi.waitFor(() => expect(report(host, "far").status).toBe("disconnected"), 20_000);
  },
);

test("[host.list.changed] tools that a server adds while it runs are listed and can be called", async () => {
  const host = await startHost([fixture("std")]);
  const changed = Promise.withResolvers<void>();
  host.onChange(changed.resolve);
  await call(host, "std", "grow", { arguments: { name: "sprout" } });
  await changed.promise;
  expect(host.tools().map(({ name }) => name)).toContain("std__sprout");
  expect(await call(host, "std", "sprout")).toMatchObject({ ok: true });
});

test("[host.list.restless] a server that announces a change each time that its list is read is asked ever less often, and a real change is seen", async () => {
  const args = [ODD_TOOLS_PROGRAM, "--restless"];
  const host = await startHost([
    settings("odd", { type: "stdio", command: process.execPath, args, env: {} }),
  ]);
  const times = await vi.waitFor(async () => {
    const { listed } = await structured(host, "odd", "calls");
    expect((listed as number[]).length).toBeGreaterThanOrEqual(5);
    return listed as number[];
  }, 20_000);
  const [first = 0, , , , fifth = 0] = times;
  // 100, 200, 400 and 800 ms; a timer may come a little early.
  expect(fifth - first).toBeGreaterThan(1_490);

  await call(host, "odd", "recolour", { arguments: { colour: "red" } });
  const descriptions = () => host.tools().map(({ description }) => description);
  await vi.waitFor(() => expect(descriptions()).toContain("red"), 20_000);
});
