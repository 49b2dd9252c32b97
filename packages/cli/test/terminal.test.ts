import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { approveHeld, heldLine, line } from "./support/batch-lines.ts";
import { startCliOnTerminal } from "./support/start-cli.ts";

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 });
const PATIENCE = { timeout: 60_000 };

/** util-linux' `script` makes a terminal, where there are any; that of other systems takes other options. */
const tried = spawnSync("script", ["--quiet", "--return", "--command", "echo works", "/dev/null"]);
const hasScript = tried.stdout?.toString().includes("works") ?? false;
const title = hasScript ? "" : " (left out: no terminal can be made on this machine)";

let installation: Installation;
let url: string;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  await installation.api.client.untilConnected(1);
  url = installation.api.url;
});
afterAll(() => installation.close());

test.skipIf(!hasScript)(
  `[cli.terminal.chat] text and tool calls are shown as they come${title}`,
  async () => {
    const { stdout } = await startCliOnTerminal(["chat", "echo", "text=tea"], { url }).ended;
    expect(stdout).toContain('→ fixture__echo {"text":"tea"}');
    expect(stdout).toContain("← fixture__echo: tea");
    expect(stdout.match(/fixture__echo returned:/g)).toHaveLength(1);
    expect(stdout).toContain("\u001b[2m");
  },
);

test.skipIf(!hasScript)(
  `[cli.terminal.approve] asks for an approval, and the answer counts${title}`,
  async () => {
    const words = ["tool", "fixture", "echo", "text=tea", "--approval", "always"];
    for (const [answer, code, shown] of [
      ["y\n", 0, "\ntea"],
      ["n\n", 1, "approval_denied"],
    ] as const) {
      const asking = startCliOnTerminal(words, { url, environment: { NO_COLOR: "1" } });
      await vi.waitFor(() => expect(asking.written.stdout).toContain("May it run? [y/N]"), PATIENCE);
      asking.child.stdin?.write(answer);
      const ended = await asking.ended;
      expect(ended.code).toBe(code);
      expect(ended.stdout.replaceAll("\r", "")).toContain(shown);
      expect(ended.stdout).not.toContain("\u001b[3");
    }
  },
);

test.skipIf(!hasScript)(`[cli.terminal.progress] a batch shows how far it is${title}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "in.ndjson"), line(0) + line(1) + heldLine(2));
  const words = ["batch", join(folder, "in.ndjson"), "-o", join(folder, "out.ndjson")];
  const running = startCliOnTerminal(words, { url });
  await vi.waitFor(
    () => expect(running.written.stdout).toMatch(/░ 66% \| 2\/3 \| .* \| 0 failed \| /),
    PATIENCE,
  );
  await approveHeld(installation.api.client);
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).toContain("3 completed, 0 failed, 0 cancelled, 0 rejected");
});
