import type { FleetOutcome } from "@millrace/job-store";
import { expect, test } from "vitest";
import { invalidServers } from "./invalid-config.ts";

const report = { added: [], removed: [], changed: [], unchanged: [], errors: [] };
const errors = [{ path: "mcp_servers.a.bogus", message: "unknown key" }];
const message = "/config/a.json is not right:\n  mcp_servers.a.bogus: unknown key";

const OUTCOMES = new Map<string, FleetOutcome<"reload">>([
  ["worker_invalid", { outcome: "answered", answer: { ok: false, message, errors } }],
  ["worker_valid", { outcome: "answered", answer: { ok: true, report } }],
  ["worker_stopped", { outcome: "silent" }],
  ["worker_failed", { outcome: "failed", message: "this worker failed; its log says why" }],
]);

test("[api.reload.invalid.others] of each worker is said only what it has answered", () => {
  expect(invalidServers(OUTCOMES, null)?.options).toEqual({
    detail:
      "Nothing has changed on worker_invalid: /config/a.json is not right: mcp_servers.a.bogus: unknown key. " +
      "These workers have read a valid file: worker_valid. These workers gave no answer: worker_stopped. " +
      "These workers failed, and their logs say why: worker_failed.",
    errors,
  });
  const others = new Map([...OUTCOMES].filter(([id]) => id !== "worker_invalid"));
  expect(invalidServers(others, null)).toBeNull();
});

test.for([
  ["mcp_servers", ["a"], true],
  ["mcpServers", ["a"], true],
  ["servers", ["b*"], false],
] as const)(
  "[api.reload.invalid.visible] under %s a key with the servers %j is told of its own",
  ([section, servers, isTold]) => {
    const answer = {
      ok: false,
      message: "/config/a.json is not right:\n  …",
      errors: [
        { path: `${section}.a.bogus`, message: "unknown key" },
        { path: `${section}.c.bogus`, message: "unknown key" },
      ],
    } as const;
    const outcomes = new Map([["worker_invalid", { outcome: "answered", answer } as const]]);
    const problem = invalidServers(outcomes, { servers: [...servers] });
    const own = [{ path: `${section}.a.bogus`, message: "unknown key" }];
    expect(problem?.options.errors).toEqual(isTold ? own : undefined);
    expect(problem?.options.detail).toBe(
      `Nothing has changed on worker_invalid: the file of the MCP servers is not right.${isTold ? ` ${section}.a.bogus: unknown key.` : ""} ` +
        "This key is not told all of it; ask with one that may use every server.",
    );
  },
);
