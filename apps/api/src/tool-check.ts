import { checkToolArguments, ToolDirectory, type ToolResolution } from "@millrace/contracts";
import type { FleetView } from "@millrace/job-store";
import { ProblemError } from "./http/problem.ts";

const directories = new WeakMap<FleetView, ToolDirectory>();

/** The tools that the fleet reports, by every name that a request may use. */
function directoryOf(fleet: FleetView): ToolDirectory {
  const directory = directories.get(fleet) ?? ToolDirectory.ofReports(fleet.reports);
  directories.set(fleet, directory);
  return directory;
}

/**
 * Looks up the tool that a request means. Null while no worker has reported: then nothing can be known, and the
 * worker judges.
 */
export function resolveTool(
  fleet: FleetView,
  server: string | undefined,
  tool: string,
): ToolResolution | null {
  return fleet.hasReported ? directoryOf(fleet).resolve(server, tool) : null;
}

/** Finds the tool by its name alone, among the tools of some servers; undefined: of all. */
export function resolveToolAmong(
  fleet: FleetView,
  servers: readonly string[] | undefined,
  tool: string,
): ToolResolution | null {
  if (!servers) return resolveTool(fleet, undefined, tool);
  if (!fleet.hasReported) return null;
  const reports = fleet.reports.filter(({ name }) => servers.includes(name));
  return ToolDirectory.ofReports(reports).resolve(undefined, tool);
}

/** Refuses a tool call that cannot succeed: 422 with the names that exist, or with the paths of wrong arguments. */
export function checkToolCall(
  fleet: FleetView,
  call: { server?: string | undefined; tool: string; arguments: Record<string, unknown> },
): void {
  const resolution = resolveTool(fleet, call.server, call.tool);
  if (resolution?.ok) {
    if (resolution.tool) checkArguments(resolution.tool.name, resolution.tool.parameters, call.arguments);
  } else if (resolution && resolution.waitFor.length === 0) {
    const { code, message } = resolution.error;
    const known = code === "unknown_server" || code === "ambiguous_tool" ? code : "unknown_tool";
    const path = code === "unknown_server" ? "server" : "tool";
    throw new ProblemError(known, { detail: message, errors: [{ path, message }] });
  }
}

function checkArguments(tool: string, schema: object, toolArguments: Record<string, unknown>): void {
  const errors = checkToolArguments(schema, toolArguments);
  if (errors.length === 0) return;
  const list = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  throw new ProblemError("invalid_arguments", {
    detail: `The arguments do not fit ${tool}: ${list}. GET /mcp/tools shows its schema.`,
    errors,
  });
}
