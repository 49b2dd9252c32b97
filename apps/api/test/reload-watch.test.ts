import { expect, inject, test } from "vitest";
import { startInstallation } from "../../../test/support/installation.ts";
import type { LogLine } from "../../../test/support/log-lines.ts";
import { fixtureEntry, McpFile } from "../../../test/support/mcp-file.ts";

const isReload = ({ msg }: LogLine) => msg.startsWith("MCP configuration ");

test("[worker.watch] a file that changes is read again, however it is saved or spoilt, and one line says what was done", async () => {
  await using installation = await startInstallation({ redisUrl: inject("redisUrl") });
  await using file = await McpFile.watched({ first: fixtureEntry() });
  await using worker = await file.startWorker(installation.environment);
  const { client } = installation.api;
  await client.untilConnected(1);

  await file.write({ first: fixtureEntry(), second: fixtureEntry() });
  await client.untilConnected(2);
  const written = await worker.log.line(isReload);
  expect(written).toMatchObject({ msg: "MCP configuration reloaded", added: ["second"], errors: [] });

  await file.replace({ second: fixtureEntry() });
  await worker.log.line(({ removed }) => String(removed) === "first");
  await client.untilConnected(1);

  await file.writeText("{");
  const refused = await worker.log.line(({ msg }) => msg.startsWith("MCP configuration not reloaded"));
  expect(refused["msg"]).toContain("line 1 column");
  await client.untilConnected(1);

  await file.replaceByLoop();
  await worker.log.line(({ msg }) => msg.includes("ELOOP"));
  await client.untilConnected(1);

  await file.replace({ second: fixtureEntry(), third: fixtureEntry() });
  await worker.log.line(({ added }) => String(added) === "third");
  await client.untilConnected(2);
});
