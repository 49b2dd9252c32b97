import { expect, test } from "vitest";
import type { ServerSettings } from "@millrace/host-core";
import { ODD_TOOLS_PROGRAM } from "@millrace/testing";
import { call, fixture, settings, startHost } from "./hosts.ts";

function odd(changes: Partial<ServerSettings> = {}): ServerSettings {
  const transport = { type: "stdio", command: process.execPath, args: [ODD_TOOLS_PROGRAM], env: {} } as const;
  return settings("odd", transport, changes);
}

test("[host.result.schema] structured content that fits its schema is kept, with nothing to say", async () => {
  const host = await startHost([fixture("std")]);
  const outcome = await call(host, "std", "add", { arguments: { a: 1, b: 2 } });
  expect(outcome).toMatchObject({ ok: true, result: { structured_content: { sum: 3 } } });
  expect(outcome).not.toHaveProperty("result.structured_content_errors");
});

test("[host.result.schema] what does not fit is kept and says where it is wrong; the call has not failed", async () => {
  const host = await startHost([odd()]);
  expect(await call(host, "odd", "liar")).toMatchObject({
    ok: true,
    result: {
      content: [{ text: "liar" }],
      structured_content: { count: "three" },
      structured_content_errors: [{ path: "structured_content.count", message: "must be number" }],
    },
  });
  expect(await call(host, "odd", "mute")).toMatchObject({
    ok: true,
    result: { structured_content: null, structured_content_errors: [{ path: "structured_content" }] },
  });
});

test("[host.result.limit] a server's own limit counts, and the error names the setting", async () => {
  const host = await startHost([fixture("std", [], { resultLimitBytes: 2_000 }), fixture("other")]);
  const big = (server: string, bytes: number) => call(host, server, "big", { arguments: { bytes } });
  expect(await big("std", 1_500)).toMatchObject({ ok: true });
  expect(await big("other", 3_000)).toMatchObject({ ok: true });
  expect(await big("std", 3_000)).toMatchObject({
    ok: false,
    error: {
      code: "result_too_large",
      message: expect.stringMatching(/limit is 2000.*"result_limit_bytes"/),
    },
  });
});

test("[host.result.deep] a value that nests too deep is refused alone", async () => {
  const host = await startHost([odd()]);
  const nested = (depth: number) => call(host, "odd", "nested", { arguments: { depth } });
  expect(await nested(90)).toMatchObject({ ok: true });
  expect(await nested(500)).toMatchObject({
    ok: false,
    error: { code: "result_too_large", message: expect.stringContaining("100 levels") },
  });
  expect(await nested(90)).toMatchObject({ ok: true });
});

test("[host.texts.bound] of what a server says when it refuses a call, its beginning and its end are kept", async () => {
  const host = await startHost([odd()]);
  const outcome = await call(host, "odd", "grumble", { arguments: { characters: 20_000_000 } });
  if (outcome.ok) throw new Error("was not refused");
  expect(outcome.error).toMatchObject({
    code: "call_rejected",
    message: expect.stringMatching(
      /^Tool "grumble" of server "odd" was refused by its server: x+ … .* … x+$/,
    ),
  });
  expect(JSON.stringify(outcome).length).toBeLessThan(5_000);
});

test("[host.result.raw] an image is kept as the server sent it", async () => {
  const host = await startHost([fixture("std")]);
  const outcome = await call(host, "std", "image");
  if (!outcome.ok) throw new Error(outcome.error.message);
  const [block] = outcome.result.content;
  expect(block).toMatchObject({ type: "image", mimeType: "image/png" });
  expect(Buffer.from(String(block?.["data"]), "base64").subarray(1, 4).toString()).toBe("PNG");
});

test("[host.call.oversize] arguments that would end a stdio server's connection are refused, and harm nobody", async () => {
  const host = await startHost([fixture("std")]);
  const text = "x".repeat(9 * 1_024 * 1_024);
  const slow = call(host, "std", "wait", { arguments: { ms: 500 } });
  const refused = await call(host, "std", "echo", { arguments: { text } });
  expect(refused).toMatchObject({ ok: false, error: { code: "invalid_arguments" } });
  expect(await slow).toMatchObject({ ok: true });
});
