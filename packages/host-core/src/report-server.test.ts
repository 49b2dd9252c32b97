import { expect, test } from "vitest";
import { createServerSettings } from "./config/create-server-settings.ts";
import type { ServerResource } from "./connection/connection.ts";
import { PUBLISHED_BYTES_MAX, reportServer } from "./report-server.ts";

function reportOf(count: number) {
  const transport = { type: "stdio", command: "program", args: [], env: {} } as const;
  const resources = Array.from({ length: count }, (_, index): ServerResource => {
    return {
      uri: `file:///${index}/ö`,
      name: "x".repeat(100),
      title: null,
      description: null,
      mimeType: null,
    };
  });
  const settings = createServerSettings({ name: "files", transport });
  const offers = { leftOutTools: [], resources, resourceTemplates: [], prompts: [] };
  return reportServer({ settings, status: "connected", lastError: null, ...offers }, [], new Map());
}

test("[host.report.bounded] a server with very many resources has the first of them published, and it says so", () => {
  expect(reportOf(100)).toMatchObject({ truncated: false, resources: { length: 100 } });
  const { truncated, resources } = reportOf(100_000);
  expect(truncated).toBe(true);
  const size = Buffer.byteLength(JSON.stringify(resources));
  expect(size).toBeLessThanOrEqual(PUBLISHED_BYTES_MAX);
  expect(size).toBeGreaterThan(PUBLISHED_BYTES_MAX - 1_000);
  expect(resources[0]?.uri).toBe("file:///0/ö");
});
