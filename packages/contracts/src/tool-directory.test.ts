import { expect, test } from "vitest";
import type { Tool } from "./mcp-server.ts";
import { ToolDirectory, type DirectoryEntry } from "./tool-directory.ts";

const tool = (server_name: string, tool_name: string): Tool => ({
  name: `${server_name}__${tool_name}`,
  server_name,
  tool_name,
  description: null,
  parameters: { type: "object" },
  output_schema: null,
  annotations: null,
});

const connected = (server: string, ...names: string[]): DirectoryEntry => ({
  server,
  tools: names.map((name) => tool(server, name)),
  connecting: false,
});

const silent = (server: string, connecting: boolean): DirectoryEntry => ({ server, tools: null, connecting });

const directory = new ToolDirectory([connected("files", "read", "list"), connected("notes", "list")]);

test("[contract.names.resolve] finds a tool by server and name, by unified name, and by a name that one server has", () => {
  const expected = { ok: true, server: "files", toolName: "read", tool: tool("files", "read") };
  expect(directory.resolve("files", "read")).toEqual(expected);
  expect(directory.resolve("files", "files__read")).toEqual(expected);
  expect(directory.resolve(undefined, "files__read")).toEqual(expected);
  expect(directory.resolve(undefined, "read")).toEqual(expected);
});

test("[contract.names.refuse] says what there is when a name means nothing, or too much", () => {
  expect(directory.resolve("mail", "read")).toMatchObject({
    ok: false,
    error: { code: "unknown_server", message: expect.stringContaining("files, notes") },
  });
  expect(directory.resolve("files", "write")).toMatchObject({
    ok: false,
    error: { code: "unknown_tool", message: expect.stringContaining("read, list") },
  });
  expect(directory.resolve(undefined, "list")).toMatchObject({
    ok: false,
    error: { code: "ambiguous_tool", message: expect.stringContaining("files__list, notes__list") },
  });
});

test("[contract.names.unknown-yet] leaves open what a server may have that has not answered yet", () => {
  const waiting = new ToolDirectory([connected("files", "read"), silent("mail", true), silent("old", false)]);
  expect(waiting.resolve("mail", "send")).toEqual({ ok: true, server: "mail", toolName: "send", tool: null });
  expect(waiting.resolve(undefined, "mail__send")).toMatchObject({ ok: true, server: "mail", tool: null });
  expect(waiting.resolve(undefined, "read")).toMatchObject({ ok: false, waitFor: ["mail"] });
  expect(waiting.resolve(undefined, "files__read")).toMatchObject({ ok: true, server: "files" });
});
