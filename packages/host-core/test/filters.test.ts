import { expect, test } from "vitest";
import { unifiedName } from "../src/catalogue/names.ts";
import { call, fixture, makeHost, recordingLogger, report, startHost, structured } from "./hosts.ts";

test("[host.filters.list] lists and reports have only the tools that the globs let through", async () => {
  const rules = { allowTools: ["e*", "add", "stats"], denyTools: ["exit", "environment"] };
  const host = await startHost([fixture("std", [], rules)]);
  expect(host.tools().map(({ tool_name }) => tool_name)).toEqual(["add", "echo", "stats"]);
  expect(report(host, "std").tools.map(({ tool_name }) => tool_name)).toEqual(["add", "echo", "stats"]);
});

test("[host.filters.call] a filtered tool cannot be called by any name, and its server hears nothing", async () => {
  const host = await startHost([fixture("std", [], { denyTools: ["wait"] })]);
  const signal = new AbortController().signal;
  const names = [
    { server: "std", tool: "wait" },
    { server: "std", tool: "std__wait" },
    { tool: "std__wait" },
    { tool: "wait" },
    { server: "std", tool: unifiedName("std", "wait") },
  ];
  for (const name of names) {
    expect(await host.callTool({ ...name, arguments: { ms: 1 }, signal })).toMatchObject({
      ok: false,
      error: { code: "unknown_tool", message: expect.stringMatching(/"wait".*denied by "wait".*deny_tools/) },
    });
  }
  // The fixture counts the calls of "wait".
  expect(await structured(host, "std", "stats")).toMatchObject({ calls: 0 });
});

test("[host.filters.call] a call that comes while the server connects is refused as well", async () => {
  const host = makeHost([fixture("std", [], { allowTools: ["stats"] })]);
  host.start();
  const refused = call(host, "std", "wait", { arguments: { ms: 1 } });
  const bare = host.callTool({ tool: "wait", arguments: { ms: 1 }, signal: new AbortController().signal });
  const expected = {
    ok: false,
    error: { code: "unknown_tool", message: expect.stringContaining("allow_tools") },
  };
  expect(await refused).toMatchObject(expected);
  expect(await bare).toMatchObject(expected);
});

test("[host.filters.call] a tool that appears later is filtered like the others", async () => {
  const host = await startHost([fixture("std", [], { denyTools: ["spro*"] })]);
  const changed = Promise.withResolvers<void>();
  host.onChange(changed.resolve);
  await call(host, "std", "grow", { arguments: { name: "sprout" } });
  await changed.promise;
  expect(host.tools().map(({ tool_name }) => tool_name)).not.toContain("sprout");
  expect(await call(host, "std", "sprout")).toMatchObject({ ok: false, error: { code: "unknown_tool" } });
});

test("[host.filters.idle] a glob that fits no tool is logged once", async () => {
  const logger = recordingLogger();
  const host = await startHost([fixture("std", [], { denyTools: ["delete_*"] })], { logger });
  host.tools();
  const changed = Promise.withResolvers<void>();
  host.onChange(changed.resolve);
  await call(host, "std", "grow", { arguments: { name: "sprout" } });
  await changed.promise;
  host.tools();
  const idle = logger.entries.filter(({ fields }) => String(fields["warning"]).includes("delete_*"));
  expect(idle).toMatchObject([{ level: "warn", fields: { server: "std" } }]);
});

test("[host.filters.reload] other globs count at once, also for a call that waits in line", async () => {
  const open = fixture("std", [], { maxConcurrentTools: 1 });
  const host = await startHost([open]);
  const hasBegun = Promise.withResolvers<void>();
  const isInLine = Promise.withResolvers<void>();
  const wait = { server: "std", tool: "wait", signal: new AbortController().signal };
  const running = host.callTool({ ...wait, arguments: { ms: 500 }, onRunning: hasBegun.resolve });
  await hasBegun.promise;
  const waiting = host.callTool({ ...wait, arguments: { ms: 0 }, onWaiting: () => isInLine.resolve() });
  await isInLine.promise;
  await host.reload([fixture("std", [], { maxConcurrentTools: 1, denyTools: ["wait"] })]);
  expect(await running).toMatchObject({ ok: true });
  expect(await waiting).toMatchObject({ ok: false, error: { code: "unknown_tool" } });
  expect(await structured(host, "std", "stats")).toMatchObject({ calls: 1 });
});
