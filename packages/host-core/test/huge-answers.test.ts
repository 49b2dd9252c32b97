import { startFixtureHttp } from "@millrace/testing";
import { expect, onTestFinished, test } from "vitest";
import { patience } from "./connections.ts";
import { call, fixture, settings, startHost, structured } from "./hosts.ts";

/** More than any message may have. */
const HUGE = 65 * 1024 * 1024;

test("[host.stdio.too_long] an answer that no message may have fails its own request, and what runs beside it goes on", async () => {
  const host = await startHost([fixture("std")]);
  const { pid } = await structured(host, "std", "processes");
  const controller = new AbortController();
  const beside = call(host, "std", "wait", { arguments: { ms: 60_000 }, signal: controller.signal });
  expect(await host.readResource("std", `fixture://text/${HUGE}`, patience())).toEqual({
    ok: false,
    reason: "too_large",
    message: expect.stringContaining("more than 64 MiB") as string,
  });
  expect(await call(host, "std", "big", { arguments: { bytes: HUGE } })).toMatchObject({
    ok: false,
    error: { code: "result_too_large", message: expect.stringContaining("more than 64 MiB") as string },
  });
  expect(await structured(host, "std", "stats")).toMatchObject({ running: 1 });
  expect(await structured(host, "std", "processes")).toMatchObject({ pid });
  controller.abort(new Error("seen"));
  await expect(beside).rejects.toThrow("seen");
});

test.each([
  ["http", "httpUrl", "too_large"],
  ["sse", "sseUrl", "refused"],
  ["websocket", "webSocketUrl", "refused"],
] as const)(
  "[resources.huge] over %s a resource of more than 64 MiB is asked of no other worker",
  async (type, url, reason) => {
    const server = await startFixtureHttp();
    onTestFinished(() => server.close());
    const host = await startHost([settings("far", { type, url: server[url], headers: {} })]);
    expect(await host.readResource("far", `fixture://text/${HUGE}`, patience())).toEqual({
      ok: false,
      reason,
      message: expect.stringContaining("more than 64 MiB") as string,
    });
  },
);
