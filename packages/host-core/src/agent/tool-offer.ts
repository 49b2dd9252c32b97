import { ToolDirectory, type JobError, type JobStep, type Tool, type ToolChoice } from "@millrace/contracts";
import type { ModelTool } from "../model/model.ts";
import { fitTools } from "../model/tool-schema.ts";
import type { Session } from "./session.ts";

/** The tools of one turn. What is not offered cannot be called. */
export interface ToolOffer {
  readonly tools: readonly ModelTool[];
  readonly directory: ToolDirectory;
  /** What a reader should know of it. */
  readonly warnings: readonly Extract<JobStep, { type: "job.warning" }>[];
}

/** What the job may use of the tools that there are now. */
export function offerTools({ tools, request }: Pick<Session, "tools" | "request">): ToolOffer {
  const servers = wantedServers(request);
  const wanted = tools.tools().filter(({ server_name }) => servers?.includes(server_name) ?? true);
  const { tools: fit, leftOut } = fitTools(wanted);
  const names = new Set(leftOut.map(({ name }) => name));
  const directory = directoryOf(wanted.filter(({ name }) => !names.has(name)));
  const warnings = [
    ...(wanted.length === 0 && servers?.length !== 0 ? [noTools(servers)] : []),
    ...(leftOut.length > 0 ? [toolsLeftOut(leftOut)] : []),
  ];
  return { tools: fit, directory, warnings };
}

/** The servers whose tools the job may use; undefined: all. */
export function wantedServers({
  enable_mcp = true,
  tool_choice,
  mcp_servers,
}: Session["request"]): readonly string[] | undefined {
  return enable_mcp && tool_choice !== "none" ? mcp_servers : [];
}

/** The choice that the request makes for its first turn; an error when the tool that it names is not offered. */
export function chooseTool(
  { state, request }: Pick<Session, "state" | "request">,
  { tools, directory }: ToolOffer,
): { ok: true; choice: ToolChoice } | { ok: false; error: JobError } {
  const { tool_choice: wanted = "auto" } = request;
  if (wanted === "none") return { ok: true, choice: "none" };
  if (state.usage.turns > 0) return { ok: true, choice: "auto" };
  if (typeof wanted === "object") {
    const found = directory.resolve(undefined, wanted.name);
    if (!found.ok) return { ok: false, error: found.error };
    return { ok: true, choice: { type: "tool", name: found.tool?.name ?? wanted.name } };
  }
  return { ok: true, choice: tools.length === 0 ? "auto" : wanted };
}

function directoryOf(tools: readonly Tool[]): ToolDirectory {
  const servers = Map.groupBy(tools, ({ server_name }) => server_name);
  const entries = [...servers].map(([server, list]) => ({ server, tools: list, connecting: false }));
  return new ToolDirectory(entries);
}

function noTools(servers: readonly string[] | undefined): ToolOffer["warnings"][number] {
  const which = servers ? `None of the servers ${servers.join(", ")}` : "No server";
  const message = `${which} is connected and has a tool; the model answers without tools.`;
  return { type: "job.warning", code: "no_tools", message };
}

function toolsLeftOut(leftOut: readonly { name: string; reason: string }[]): ToolOffer["warnings"][number] {
  const list = leftOut.map(({ name, reason }) => `${name} (${reason})`).join(", ");
  return { type: "job.warning", code: "tools_left_out", message: `Not offered to the model: ${list}.` };
}
