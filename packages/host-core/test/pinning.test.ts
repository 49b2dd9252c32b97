import { expect, test } from "vitest";
import type { Host, ServerSettings } from "@millrace/host-core";
import { ODD_TOOLS_PROGRAM } from "@millrace/testing";
import { call, recordingLogger, settings, startHost } from "./hosts.ts";

function odd(changes: Partial<ServerSettings>, flags: string[] = []): ServerSettings {
  const args = [ODD_TOOLS_PROGRAM, ...flags];
  return settings("odd", { type: "stdio", command: process.execPath, args, env: {} }, changes);
}

/** Gives the chameleon another description, and waits until the host has listed it. */
async function recolour(host: Host, colour: string): Promise<void> {
  const changed = Promise.withResolvers<void>();
  const stop = host.onChange(changed.resolve);
  expect(await call(host, "odd", "recolour", { arguments: { colour } })).toMatchObject({ ok: true });
  await changed.promise;
  stop();
}

function chameleon(host: Host) {
  return host.tools().find(({ tool_name }) => tool_name === "chameleon");
}

test("[host.pin.warn] a tool that changes is logged with its new hash, and still works", async () => {
  const logger = recordingLogger();
  const host = await startHost([odd({ pin: "warn" })], { logger });
  expect(chameleon(host)?.description).toBe("green");
  await recolour(host, "red");
  expect(chameleon(host)?.description).toBe("red");
  expect(await call(host, "odd", "chameleon")).toMatchObject({ ok: true });
  const told = logger.entries.filter(({ fields }) => String(fields["warning"]).includes("chameleon"));
  expect(told).toMatchObject([
    { level: "warn", fields: { warning: expect.stringMatching(/sha256:.*"pins"/) } },
  ]);
});

test("[host.pin.block] a tool that changes is neither listed nor called, and the error says how to approve it", async () => {
  const host = await startHost([odd({ pin: "block" })]);
  expect(chameleon(host)).toBeDefined();
  await recolour(host, "red");
  expect(chameleon(host)).toBeUndefined();
  const refused = await call(host, "odd", "chameleon");
  if (refused.ok) throw new Error("it was called");
  expect(refused.error).toMatchObject({ code: "unknown_tool", message: expect.stringContaining("blocked") });
  const signal = new AbortController().signal;
  const unified = await host.callTool({ tool: "odd__chameleon", arguments: {}, signal });
  expect(unified).toMatchObject({ ok: false, error: { message: refused.error.message } });
  expect(await call(host, "odd", "calls")).toMatchObject({
    result: { structured_content: { called: ["recolour", "calls"] } },
  });

  const [pin] = /sha256:[0-9a-f]{64}/.exec(refused.error.message) ?? [];
  await host.reload([odd({ pin: "block", pins: { chameleon: pin ?? "" } })]);
  expect(await call(host, "odd", "chameleon")).toMatchObject({ ok: true });
});

test("[host.pin.reconnect] a server that comes back with a changed tool is found out, before a waiting call is sent", async () => {
  const host = await startHost([odd({ pin: "block" }, ["--moody"])]);
  expect(await call(host, "odd", "chameleon")).toMatchObject({ ok: true });
  const leaving = call(host, "odd", "leave");
  expect(await leaving).toMatchObject({ ok: false, error: { code: "server_unavailable" } });
  const waited = await call(host, "odd", "chameleon");
  expect(waited).toMatchObject({
    ok: false,
    error: { code: "unknown_tool", message: expect.stringContaining("blocked") },
  });
  expect(await call(host, "odd", "calls")).toMatchObject({
    result: { structured_content: { called: ["calls"] } },
  });
});

test("[host.pin.off] without pinning a tool may change as it likes", async () => {
  const logger = recordingLogger();
  const host = await startHost([odd({})], { logger });
  await recolour(host, "red");
  expect(chameleon(host)?.description).toBe("red");
  expect(logger.entries.filter(({ level }) => level === "warn")).toEqual([]);
});

test("[host.names.listed] 500 tools in pages, odd names among them, are all listed and callable", async () => {
  const host = await startHost([odd({}, ["--many", "500"])]);
  const tools = host.tools();
  expect(tools).toHaveLength(511);
  expect(tools.filter(({ name }) => !/^[A-Za-z0-9_-]{1,64}$/.test(name))).toEqual([]);
  expect(new Set(tools.map(({ name }) => name)).size).toBe(511);
  const signal = new AbortController().signal;
  for (const tool_name of ["a.b", "a_b", "long".repeat(30), "plain_499"]) {
    const unified = tools.find((tool) => tool.tool_name === tool_name)?.name ?? "";
    expect(await host.callTool({ tool: unified, arguments: {}, signal })).toMatchObject({
      ok: true,
      result: { content: [{ text: tool_name }] },
    });
  }
});
