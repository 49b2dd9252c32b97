import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ReloadReport, ServerSettings } from "@millrace/host-core";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createReload } from "./reload.ts";

const REPORT: ReloadReport = { added: [], removed: [], changed: [], unchanged: [], errors: [] };

test("[worker.reload.shared] one reload runs at a time, and all who ask during it share the next", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-reload-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "mcp-servers.json");
  const write = (name: string) =>
    writeFile(
      path,
      JSON.stringify({ mcp_servers: { [name]: { transport_type: "stdio", config: { command: "x" } } } }),
    );
  const seen: string[][] = [];
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const host = {
    async reload(servers: readonly ServerSettings[]) {
      seen.push(servers.map(({ name }) => name));
      started.resolve();
      await release.promise;
      return REPORT;
    },
  };
  const overrides = { toolTimeoutSeconds: 60 };
  const mcp = { path, isNamed: true, env: {}, overrides } as unknown as Parameters<
    typeof createReload
  >[0]["mcp"];
  const logger = pino({ level: "silent" });
  const reload = createReload({ host, mcp, registry: { publish: () => Promise.resolve() }, logger });

  await write("first");
  const asked = [reload()];
  await started.promise;
  await write("second");
  asked.push(reload(), reload(), reload());
  release.resolve();
  for (const answer of await Promise.all(asked)) expect(answer).toEqual({ ok: true, report: REPORT });
  expect(seen).toEqual([["first"], ["second"]]);
  // Who asks during a later one gets one of its own as well.
  await Promise.all([reload(), reload()]);
  expect(seen).toHaveLength(4);

  await writeFile(path, "{");
  expect(await reload()).toMatchObject({ ok: false, message: expect.stringContaining("line 1") as string });
  expect(seen).toHaveLength(4);
});
