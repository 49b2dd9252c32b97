import { expect, onTestFinished, test } from "vitest";
import {
  FIXTURE_STDIO_PROGRAM,
  MODERN_STDIO_PROGRAM,
  startModernHttp,
  TASK_STDIO_PROGRAM,
  type ModernHttp,
} from "@millrace/testing";
import type { ServerSettings } from "../src/config/server-settings.ts";
import { callText, connect, connections, patience } from "./connections.ts";
import { settings } from "./hosts.ts";

function modernStdio(changes: Partial<ServerSettings> = {}): ServerSettings {
  const transport = {
    type: "stdio",
    command: process.execPath,
    args: [MODERN_STDIO_PROGRAM],
    env: {},
  } as const;
  return settings("modern", transport, { protocol: "auto", ...changes });
}

async function modernHttp(
  changes: Partial<ServerSettings> = {},
): Promise<{ server: ModernHttp; given: ServerSettings }> {
  const server = await startModernHttp();
  onTestFinished(() => server.close());
  const transport = { type: "http", url: server.url, headers: {} } as const;
  return { server, given: settings("modern", transport, { protocol: "auto", ...changes }) };
}

function legacyStdio(): ServerSettings {
  const transport = {
    type: "stdio",
    command: process.execPath,
    args: [TASK_STDIO_PROGRAM],
    env: {},
  } as const;
  return settings("legacy", transport);
}

const KINDS = [
  ["stdio", async () => modernStdio()],
  ["http", async () => (await modernHttp()).given],
] as const;

test.each(KINDS)(
  "[protocol.modern] a server of 2026-07-28 alone is found out and used over %s",
  async (_kind, make) => {
    const opened = await connect(connections(), await make());
    const { connection } = opened;
    const { tools, warnings } = await connection.listTools(patience());
    expect(tools.map(({ name }) => name)).toContain("add");
    expect(warnings).toEqual([]);
    const sum = await connection.callTool("add", { a: 1, b: 2 }, { signal: patience() });
    expect(sum).toEqual({
      content: [{ type: "text", text: "3" }],
      structuredContent: { sum: 3 },
      isError: false,
      misfits: [],
    });
    expect(await connection.listResources(patience())).toEqual([
      { uri: "fixture://greeting", name: "greeting", title: null, description: null, mimeType: "text/plain" },
    ]);
    expect(await connection.readResource("fixture://greeting", patience())).toEqual([
      { uri: "fixture://greeting", mimeType: "text/plain", text: "hello" },
    ]);
    expect((await connection.listPrompts(patience())).map(({ name }) => name)).toEqual(["greet"]);
    expect(await connection.getPrompt("greet", { who: "Ada" }, patience())).toMatchObject({
      messages: [{ role: "user", content: { type: "text", text: "Greet Ada" } }],
    });
    await connection.ping(patience());
  },
);

test.each(KINDS)("[protocol.modern.progress] progress arrives in order over %s", async (_kind, make) => {
  const { connection } = await connect(connections(), await make());
  const steps: number[] = [];
  await connection.callTool(
    "progress",
    { steps: 5 },
    { signal: patience(), onProgress: ({ progress }) => steps.push(progress) },
  );
  expect(steps).toEqual([1, 2, 3, 4, 5]);
});

test.each(KINDS)(
  "[protocol.modern.cancel] a cancelled call ends on the server too, over %s",
  async (_kind, make) => {
    const opened = await connect(connections(), await make());
    const controller = new AbortController();
    const proof = Promise.withResolvers<boolean>();
    const call = opened.connection.callTool(
      "wait",
      {},
      { signal: controller.signal, onAborted: (watch) => void watch().then(proof.resolve) },
    );
    const stats = async () => JSON.parse(await callText(opened, "stats")) as Record<string, unknown>;
    await expect.poll(stats, { timeout: 10_000 }).toMatchObject({ running: 1 });
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(await proof.promise).toBe(true);
    await expect.poll(stats, { timeout: 10_000 }).toMatchObject({ running: 0, cancelled: ["wait"] });
  },
);

test.each(KINDS)(
  "[protocol.modern.changes] a tool that is added is announced, over %s",
  async (_kind, make) => {
    const opened = await connect(connections(), await make());
    const announced = opened.next("onToolsChanged");
    await callText(opened, "grow", { name: "later" });
    await announced;
    const { tools } = await opened.connection.listTools(patience());
    expect(tools.map(({ name }) => name)).toContain("later");
  },
);

test("[protocol.verdict] the old handshake is tried once, and the verdict remembered", async () => {
  const { server, given } = await modernHttp();
  const open = connections();
  await connect(open, given);
  expect(server.methods).toContain("initialize");
  const before = server.methods.length;
  await connect(open, given);
  expect(server.methods.slice(before)).not.toContain("initialize");
});

test("[protocol.choice] a protocol that is set is the only one that is tried", async () => {
  const { server, given } = await modernHttp({ protocol: "2026-07-28" });
  await connect(connections(), given);
  expect(server.methods).not.toContain("initialize");

  const legacy = connections()({ ...given, protocol: "legacy" });
  await expect(legacy.connection.connect(patience())).rejects.toMatchObject({ code: -32_022 });

  const transport = {
    type: "stdio",
    command: process.execPath,
    args: [FIXTURE_STDIO_PROGRAM],
    env: {},
  } as const;
  const old = connections()(settings("old", transport, { protocol: "2026-07-28" }));
  await expect(old.connection.connect(patience())).rejects.toThrow(/2026-07-28|protocol|Method not found/);
});

test.each([["stdio in an older protocol", async () => legacyStdio()], ...KINDS] as const)(
  "[trace.traceparent] a call carries its traceparent in _meta, over %s",
  async (_kind, make) => {
    const opened = await connect(connections(), await make());
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect(JSON.parse(await callText(opened, "meta", {}, { traceparent }))).toMatchObject({ traceparent });
  },
);

test("[host.processes.early] a connection that is closed between two drivers starts no process any more", async () => {
  const started: number[] = [];
  const closed = Promise.withResolvers<void>();
  const processGuard = {
    add: (group: number) => void started.push(group),
    // The process for the older versions has gone: the other one would start now.
    remove: () => closed.resolve(connection.close()),
  };
  const { connection } = connections({ processGuard })(modernStdio());
  const refused = connection.connect(patience()).catch((error: Error) => error.message);
  await closed.promise;
  expect(await refused).toBe("the connection was closed");
  expect(started).toHaveLength(1);
});
