import { createHost, createServerSettings } from "@millrace/host-core";
import { ODD_TOOLS_PROGRAM } from "@millrace/testing";
import { systemFigure, type Figure } from "../figure.ts";
import { spread } from "../statistics.ts";
import { SILENT } from "./callers.ts";
import type { HostBench } from "./host-bench.ts";

const TOOLS = 500;

/** How long the catalogue takes to list 500 tools, which their server lists in pages, when they have just come. */
export async function measureManyTools({ sizes, onProgress }: HostBench): Promise<Figure[]> {
  onProgress(`${TOOLS} tools`);
  const args = [ODD_TOOLS_PROGRAM, "--many", String(TOOLS)];
  const transport = { type: "stdio" as const, command: process.execPath, args, env: {} };
  await using host = createHost({
    servers: [createServerSettings({ name: "many", transport })],
    logger: SILENT,
  });
  host.start();
  await host.whenWarm(60_000);
  const times: number[] = [];
  for (let round = 0; round < sizes.listings; round += 1) {
    // Another name: nothing that was made of the tools before is of use.
    const settings = createServerSettings({ name: "many", displayName: `round ${round}`, transport });
    await host.reload([settings]);
    const startedAt = performance.now();
    const tools = host.tools();
    times.push(performance.now() - startedAt);
    if (tools.length < TOOLS) throw new Error(`only ${tools.length} tools are listed`);
  }
  const { median, max } = spread(times);
  return [
    systemFigure(`${TOOLS} tools listed by the catalogue: p50`, "ms", median),
    systemFigure(`${TOOLS} tools listed by the catalogue: slowest`, "ms", max, {
      bound: "at most",
      limit: 20,
    }),
  ];
}
