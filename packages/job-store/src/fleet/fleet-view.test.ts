import type { ServerReport, ServerStatus } from "@millrace/contracts";
import { expect, test } from "vitest";
import { FleetView, type FleetMember } from "./fleet-view.ts";

function report(name: string, status: ServerStatus): ServerReport {
  return {
    name,
    display_name: name,
    description: null,
    transport_type: "stdio",
    status,
    last_error: null,
    tools: [],
    withheld_tools: [],
    resources: [],
    resource_templates: [],
    prompts: [],
    truncated: false,
  };
}

function member(id: string, servers: Record<string, ServerStatus>, heartbeatAgeMs = 0): FleetMember {
  const worker = {
    id,
    host: "host",
    version: "1.0.0",
    started_at: "2026-01-01T00:00:00.000Z",
    concurrency: { tool: 50, chat: 100 },
    running: { tool: 0, chat: 0 },
    servers,
    heartbeat_age_ms: heartbeatAgeMs,
  };
  return { worker, reports: Object.entries(servers).map(([name, status]) => report(name, status)) };
}

test("[store.fleet.names] a server may be called as something that every object has", () => {
  const fleet = new FleetView([member("a", { constructor: "connected" } as never), member("b", {})]);
  expect(fleet.servers()).toMatchObject([{ name: "constructor", workers: { connected: 1, total: 1 } }]);
  expect(fleet.holders("constructor").map(({ id }) => id)).toEqual(["a"]);
  expect(fleet.holders("toString")).toEqual([]);
});

test("[store.fleet.holders] of a server's workers those that are connected come first, and first the one heard of last", () => {
  const fleet = new FleetView([
    member("error", { files: "error" }, 1),
    member("old", { files: "connected" }, 6_000),
    member("young", { files: "connected" }, 500),
    member("without", {}),
  ]);
  expect(fleet.holders("files").map(({ id }) => id)).toEqual(["young", "old", "error"]);
});

test("[store.fleet.visible] a key is told of no tool that it may not use, withheld ones neither", () => {
  const { worker } = member("a", { files: "connected", mail: "connected" });
  const withheld_tools = ["read", "write"].map((tool_name) => ({ tool_name, reason: "it is odd" }));
  const reports = ["files", "mail"].map((name) => ({ ...report(name, "connected"), withheld_tools }));
  const fleet = new FleetView([{ worker, reports }]).visibleTo({ servers: ["files"], tools: ["*__read"] });
  expect(fleet.reports.map(({ name, withheld_tools: left }) => [name, left])).toEqual([
    ["files", [{ tool_name: "read", reason: "it is odd" }]],
  ]);
  expect(fleet.workers[0]?.servers).toEqual({ files: "connected" });
});
