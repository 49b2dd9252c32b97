import type { Context } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import { formatAge } from "../output/age.ts";

/** `millrace servers` */
export async function listServers({ client, output }: Context): Promise<number> {
  const servers = await client.mcp.servers();
  if (output.json) output.value(servers);
  else if (servers.length === 0) output.note("No worker has reported any server.");
  else {
    const rows = servers.map(({ name, status, transport_type, available_tools, workers, last_error }) => [
      name,
      status,
      transport_type,
      String(available_tools.length),
      `${workers.connected}/${workers.total}`,
      last_error ?? "",
    ]);
    output.table(["NAME", "STATUS", "TRANSPORT", "TOOLS", "WORKERS", "ERROR"], rows);
  }
  return EXIT.ok;
}

/** `millrace tools` */
export async function listTools(
  { client, output }: Context,
  options: { server?: string | undefined },
): Promise<number> {
  const tools = await client.mcp.tools({ server: options.server });
  if (output.json) output.value(tools);
  else if (tools.length === 0) output.note("There are no tools.");
  else {
    const rows = tools.map((tool) => [
      tool.server_name,
      tool.tool_name,
      argumentNames(tool.parameters),
      tool.description ?? "",
    ]);
    output.table(["SERVER", "TOOL", "ARGUMENTS", "DESCRIPTION"], rows);
  }
  return EXIT.ok;
}

/** The names of a tool's arguments; those that may be left out in brackets. */
function argumentNames(parameters: Record<string, unknown>): string {
  const required = Array.isArray(parameters["required"]) ? (parameters["required"] as unknown[]) : [];
  return Object.keys(parameters["properties"] ?? {})
    .map((name) => (required.includes(name) ? name : `[${name}]`))
    .join(" ");
}

/** `millrace workers` */
export async function listWorkers({ client, output }: Context): Promise<number> {
  const workers = await client.workers();
  if (output.json) output.value(workers);
  else if (workers.length === 0) output.note("No worker is running: jobs wait until one is.");
  else {
    const rows = workers.map(({ id, host, version, running, concurrency, servers, started_at }) => [
      id,
      host,
      version,
      `${running.tool}/${concurrency.tool}`,
      `${running.chat}/${concurrency.chat}`,
      `${Object.values(servers).filter((status) => status === "connected").length}/${Object.keys(servers).length}`,
      formatAge(started_at),
    ]);
    output.table(["ID", "HOST", "VERSION", "TOOL JOBS", "CHAT JOBS", "SERVERS", "UP"], rows);
  }
  return EXIT.ok;
}
