/** The MCP host alone, as a library, without api, worker and Redis. Run it with `npx node examples/host.ts`. */
import { createHost, createServerSettings } from "@millrace/host-core";
import { pino } from "pino";

const stdio = (name: string, command: string, ...args: string[]) =>
  createServerSettings({ name, transport: { type: "stdio", command, args, env: {} } });

const signal = AbortSignal.timeout(60_000);
const everything = stdio("everything", "mcp-server-everything");

await using host = createHost({ servers: [everything], logger: pino({ level: "warn" }) });
host.start();
await host.whenWarm(30_000);
console.log(
  "tools:",
  host
    .tools()
    .map(({ name }) => name)
    .join(" "),
);

const call = await host.callTool({ tool: "everything__get-sum", arguments: { a: 2, b: 3 }, signal });
console.log("call:", call.ok ? JSON.stringify(call.result.content) : call.error.message);

const uri = host.reports()[0]?.resources[0]?.uri ?? "";
const reading = await host.readResource("everything", uri, signal);
console.log("read:", uri, reading?.ok ? `${reading.contents.length} part(s)` : reading?.message);

const report = await host.reload([everything, stdio("files", "mcp-server-filesystem", "data")]);
console.log("reload:", JSON.stringify(report));
for (const { name, status, tools } of host.reports()) console.log("server:", name, status, tools.length);
