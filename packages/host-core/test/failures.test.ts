import { basename, dirname } from "node:path";
import { expect, test, vi } from "vitest";
import { FIXTURE_STDIO_PROGRAM, startFixtureHttp } from "@millrace/testing";
import { call, fixture, makeHost, program, recordingLogger, report, settings, startHost } from "./hosts.ts";

test("[host.failure.command] a command that does not exist is named, with the cure, and harms no other server", async () => {
  const host = await startHost([program("gone", "no-such-program"), fixture("fine")]);
  expect(report(host, "gone")).toMatchObject({
    status: "error",
    last_error: 'command "no-such-program" was not found: install it or correct "command"',
  });
  expect(await call(host, "fine", "echo", { arguments: { text: "hi" } })).toMatchObject({ ok: true });
  expect(await call(host, "gone", "anything")).toMatchObject({
    ok: false,
    error: { code: "server_unavailable", message: expect.stringMatching(/"gone".*error.*no-such-program/) },
  });
});

test("[host.failure.cwd] a server starts in its `cwd`, and one that is no folder is named", async () => {
  const here = (name: string, cwd: string) => {
    const args = [`./${basename(FIXTURE_STDIO_PROGRAM)}`];
    return settings(name, { type: "stdio", command: process.execPath, args, env: {}, cwd });
  };
  const host = await startHost([
    here("there", dirname(FIXTURE_STDIO_PROGRAM)),
    here("nowhere", "/no/such/folder"),
    here("file", FIXTURE_STDIO_PROGRAM),
  ]);
  expect(report(host, "there")).toMatchObject({ status: "connected" });
  expect(report(host, "nowhere")).toMatchObject({
    status: "error",
    last_error: '"cwd" is no folder: /no/such/folder; create it or correct "cwd"',
  });
  expect(report(host, "file")).toMatchObject({
    status: "error",
    last_error: `"cwd" is no folder: ${FIXTURE_STDIO_PROGRAM}; create it or correct "cwd"`,
  });
});

test("[host.failure.stderr] a server that dies at its start leaves its last words in last_error", async () => {
  const host = await startHost([fixture("dies", ["--die-at-start"])]);
  expect(report(host, "dies")).toMatchObject({
    status: "error",
    last_error: expect.stringMatching(/exited with code 3[^]*fixture: cannot start/),
  });
});

test("[host.secrets.redacted] no secret reaches last_error, an error or a log", async () => {
  const secret = "sk-very-secret-0123";
  const logger = recordingLogger();
  const dies = fixture("dies", ["--die-at-start"]);
  if (dies.transport.type !== "stdio") throw new Error("unreachable");
  const env = { ...dies.transport.env, FIXTURE_SECRET: secret };
  const says = 'echo "the key $FIXTURE_SECRET"; exec "$0" "$1"';
  const args = ["-c", says, process.execPath, FIXTURE_STDIO_PROGRAM];
  const talks = settings("talks", { type: "stdio", command: "sh", args, env }, { secrets: [secret] });
  const host = await startHost(
    [{ ...dies, transport: { ...dies.transport, env }, secrets: [secret] }, talks],
    { logger },
  );
  expect(report(host, "dies").last_error).toContain("the key [redacted] was refused");
  const outcome = await call(host, "dies", "anything");
  expect(JSON.stringify([outcome, host.reports(), logger.entries])).not.toContain(secret);
  expect(logger.entries.map(({ fields }) => fields["line"])).toContain(
    "fixture: the key [redacted] was refused",
  );
  expect(logger.entries).toContainEqual({
    level: "debug",
    fields: { line: "the key [redacted]" },
    message: "ignored what is no MCP message on stdout",
  });
});

test("[host.failure.timeout] a server that never answers is an error after its timeout, with its stderr", async () => {
  const host = await startHost([fixture("mute", ["--hang-initialize"], { connectTimeoutMs: 4_000 })]);
  // On a busy machine the first attempt may be over before the server has said anything.
  const told = () => expect(report(host, "mute").last_error).toContain("fixture: never answers");
  await vi.waitFor(told, { timeout: 20_000 });
  expect(report(host, "mute")).toMatchObject({
    status: "error",
    last_error: expect.stringMatching(/within 4 s[^]*fixture: never answers/),
  });
});

/** A server that answers `initialize`, and refuses `refused`. */
function refusing(name: string, refused: string) {
  const answer = { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name } };
  const source = `
    const send = (message) => console.log(JSON.stringify({ jsonrpc: "2.0", ...message }));
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const { id, method } = JSON.parse(line);
      if (method === ${JSON.stringify(refused)}) send({ id, error: { code: -32603, message: "fetch failed" } });
      else if (id !== undefined) send({ id, result: ${JSON.stringify(answer)} });
    });`;
  return program(name, process.execPath, ["--eval", source]);
}

test("[host.failure.refused] what a server refuses while it is connected is told as its own words", async () => {
  const host = await startHost([refusing("shut", "initialize"), refusing("bare", "tools/list")]);
  expect(report(host, "shut")).toMatchObject({
    status: "error",
    last_error: "the server refused to be connected: fetch failed",
  });
  expect(report(host, "bare")).toMatchObject({
    status: "error",
    last_error: "the server refused to list its tools: fetch failed",
  });
});

test("[host.failure.problem] a server with a problem in its configuration fails alone, with its name", async () => {
  const host = await startHost([fixture("needy", [], { problem: "environment variable not set: TOKEN" })]);
  expect(report(host, "needy")).toMatchObject({
    status: "error",
    last_error: expect.stringContaining("TOKEN"),
  });
});

test("[host.failure.remote] a remote server that cannot be reached says where and why", async () => {
  const closed = await startFixtureHttp();
  await closed.close();
  const live = await startFixtureHttp();
  const host = await startHost([
    settings("http", { type: "http", url: closed.httpUrl, headers: {} }),
    settings("sse", { type: "sse", url: closed.sseUrl, headers: {} }),
    settings("socket", { type: "websocket", url: closed.webSocketUrl, headers: {} }),
    settings("wrong", { type: "http", url: `${live.httpUrl}-not`, headers: {} }),
  ]);
  expect(host.reports().map(({ status }) => status)).toEqual(["error", "error", "error", "error"]);
  expect(report(host, "http").last_error).toContain("ECONNREFUSED");
  expect(report(host, "sse").last_error).toContain("ECONNREFUSED");
  expect(report(host, "socket").last_error).toContain("ECONNREFUSED");
  expect(report(host, "wrong").last_error).toContain("404");
  await host.close();
  await live.close();
});

test("[host.list.bad_tool] a bad tool definition loses that tool alone, with a warning that names it", async () => {
  const logger = recordingLogger();
  const host = await startHost([fixture("odd", ["--bad-tool"]), fixture("good")], { logger });
  const names = (server: string) => report(host, server).tools.map(({ tool_name }) => tool_name);
  expect(names("odd")).toEqual(names("good"));
  const warnings = logger.entries
    .filter(({ level }) => level === "warn")
    .map(({ fields }) => fields["warning"]);
  expect(warnings).toHaveLength(6);
  expect(warnings).toContainEqual(expect.stringMatching(/"schema_of_an_array".*inputSchema\.type/));
  const { withheld_tools: withheld } = report(host, "odd");
  expect(withheld.map(({ tool_name }) => tool_name)).toEqual([
    "no_schema",
    "schema_without_type",
    "schema_of_an_array",
    "output_schema_no_object",
    "number 5",
    "number 6",
  ]);
  expect(withheld[2]?.reason).toContain("inputSchema.type");
  expect(report(host, "good").withheld_tools).toEqual([]);
});

test("[host.start.warm] whenWarm does not wait longer than it is told, and calls wait for their server", async () => {
  const host = makeHost([fixture("slow")]);
  host.start();
  await host.whenWarm(0);
  expect(report(host, "slow").status).toBe("connecting");
  const outcomes = await Promise.all([
    call(host, "slow", "echo", { arguments: { text: "hi" } }),
    host.callTool({ tool: "echo", arguments: { text: "hi" }, signal: AbortSignal.timeout(20_000) }),
  ]);
  expect(outcomes).toMatchObject([{ ok: true }, { ok: true }]);
});

test("[host.start.warm] a call that waits for a server ends when its signal aborts", async () => {
  const host = makeHost([fixture("mute", ["--hang-initialize"])]);
  host.start();
  const reason = new Error("no longer wanted");
  const controller = new AbortController();
  const outcome = call(host, "mute", "echo", { signal: controller.signal });
  controller.abort(reason);
  await expect(outcome).rejects.toBe(reason);
});

test("[host.close] closing before the start, twice, and while connecting is harmless", async () => {
  const idle = makeHost([fixture("idle")]);
  await idle.close();
  await idle.close();
  idle.start();
  expect(report(idle, "idle").status).toBe("disconnected");

  const busy = makeHost([fixture("mute", ["--hang-initialize"])]);
  busy.start();
  await busy.close();
  expect(await call(busy, "mute", "echo")).toMatchObject({
    ok: false,
    error: { code: "server_unavailable" },
  });
});
