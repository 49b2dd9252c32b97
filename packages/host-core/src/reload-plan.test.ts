import { expect, test } from "vitest";
import { createServerSettings } from "./config/create-server-settings.ts";
import type { ServerSettings } from "./config/server-settings.ts";
import { planReload } from "./reload-plan.ts";

function server(name: string, changes: Partial<ServerSettings> = {}): ServerSettings {
  const transport = { type: "stdio", command: "program", args: [], env: {} } as const;
  return createServerSettings({ name, transport, ...changes });
}

function planned(current: ServerSettings[], next: ServerSettings[]) {
  const { removed, ...groups } = planReload(current, next);
  const names = Object.entries(groups).map(([fate, group]) => [fate, group.map(({ name }) => name)]);
  return { ...(Object.fromEntries(names) as object), removed };
}

test("[host.reload.diff] compares by content: the order of servers and keys does not matter", () => {
  const next = [server("c"), server("b", { denyTools: ["x"] }), server("d")];
  const otherProgram = { type: "stdio", command: "other", args: [], env: {} } as const;
  const current = [server("a"), server("b"), server("c"), server("d", { transport: otherProgram })];
  expect(planned(current, next)).toEqual({
    added: [],
    removed: ["a"],
    replaced: ["d"],
    updated: ["b"],
    unchanged: ["c"],
  });
  expect(planned([], next)).toMatchObject({ added: ["c", "b", "d"], removed: [] });
  expect(planned(next, next.toReversed())).toMatchObject({ unchanged: ["d", "b", "c"] });
});
