/**
 * The fixture server over stdio, as a program. Flags make it misbehave:
 *
 *   --die-at-start     writes to stderr (with the value of FIXTURE_SECRET) and exits with code 3
 *   --hang-initialize  reads, and never answers
 *   --bad-tool         lists definitions that the specification forbids, beside its good tools
 *   --noise            writes lines to stdout that are no MCP messages
 *   --flood            does so without end, 64 KB at a time
 *   --ignore-sigterm   goes on after its stdin has closed and after SIGTERM
 *   --grandchild       starts a child that ignores SIGTERM and holds the server's stdout and stderr
 */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createFixtureServer } from "./fixture-server.ts";
import { spoilToolList } from "./spoil-tool-list.ts";

const { values: flags } = parseArgs({
  options: {
    "die-at-start": { type: "boolean" },
    "hang-initialize": { type: "boolean" },
    "bad-tool": { type: "boolean" },
    noise: { type: "boolean" },
    flood: { type: "boolean" },
    "ignore-sigterm": { type: "boolean" },
    grandchild: { type: "boolean" },
  },
});

function startGrandchild(): number | undefined {
  const command = 'trap "" TERM; exec sleep 600';
  return spawn("sh", ["-c", command], { stdio: ["ignore", "inherit", "inherit"] }).pid;
}

/** As fast as it is read, and lets the answers through. */
function flood(): void {
  const lines = "this is no MCP message, not even JSON\n".repeat(1_700);
  process.stdout.write(lines, () => setImmediate(flood));
}

if (flags["die-at-start"]) {
  process.stderr.write("fixture: cannot start\n");
  process.stderr.write(`fixture: the key ${process.env["FIXTURE_SECRET"] ?? "(none)"} was refused\n`);
  process.exit(3);
}
if (flags["ignore-sigterm"]) {
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 60_000);
}
const grandchildPid = flags.grandchild ? startGrandchild() : undefined;

if (flags["hang-initialize"]) {
  process.stderr.write("fixture: never answers\n");
  process.stdin.resume();
} else {
  if (flags.noise) process.stdout.write('Fixture server v1.0.0 is ready!\n{"level":"debug"}\n[1, 2]\n\n');
  if (flags.flood) flood();
  const transport = new StdioServerTransport();
  const server = createFixtureServer({ grandchildPid });
  await server.connect(flags["bad-tool"] ? spoilToolList(transport) : transport);
}
