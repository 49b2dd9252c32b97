import { jobError, type JobError } from "./job-error.ts";
import type { ServerReport, Tool } from "./mcp-server.ts";

/** A server and its tools; null while they are not known. */
export interface DirectoryEntry {
  readonly server: string;
  readonly tools: readonly Tool[] | null;
  /** Whether the tools may become known without anybody doing anything. */
  readonly connecting: boolean;
}

/**
 * Which server and tool a request means. `tool` is null while the server's tools are not known: its state says
 * whether to wait or to give up. A refusal that may change by itself names the servers to wait for.
 */
export type ToolResolution =
  | { ok: true; server: string; toolName: string; tool: Tool | null }
  | { ok: false; error: JobError; waitFor: readonly string[] };

/** Names in a message: enough to see a typing error, not a page. */
const NAMES_MAX = 20;

/** What stands between server and tool in a unified name. */
export const UNIFIED_SEPARATOR = "__";

/** Replaces what model providers do not accept in a tool's name. */
export function sanitiseToolName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]/g, "_");
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, NAMES_MAX).join(", ");
  return names.length > NAMES_MAX ? `${shown} and ${names.length - NAMES_MAX} more` : shown;
}

/** The tools of all servers at one moment, by every name that a request may use. Immutable. */
export class ToolDirectory {
  readonly #entries: ReadonlyMap<string, DirectoryEntry>;
  readonly #tools: readonly Tool[];
  readonly #byUnifiedName: ReadonlyMap<string, Tool>;
  readonly #byToolName: ReadonlyMap<string, readonly Tool[]>;

  /**
   * Of the tools that `mayUse` lets through. What a server offers stays known while it rests, and for a while when it
   * is away.
   */
  static ofReports(
    reports: readonly ServerReport[],
    mayUse: (tool: Tool) => boolean = () => true,
  ): ToolDirectory {
    const entries = reports.map(({ name, status, tools }) => ({
      server: name,
      tools: status === "connected" || tools.length > 0 ? tools.filter((tool) => mayUse(tool)) : null,
      connecting: status === "connecting",
    }));
    return new ToolDirectory(entries);
  }

  constructor(entries: readonly DirectoryEntry[]) {
    this.#entries = new Map(entries.map((entry) => [entry.server, entry]));
    this.#tools = entries.flatMap((entry) => entry.tools ?? []);
    this.#byUnifiedName = new Map(this.#tools.map((tool) => [tool.name, tool]));
    this.#byToolName = Map.groupBy(this.#tools, (tool) => tool.tool_name);
  }

  /**
   * Accepts a server with its own tool name or with the unified one, a unified name alone, and a bare tool name
   * that exactly one server has. A server's own name for a tool goes before a unified name.
   */
  resolve(server: string | undefined, tool: string): ToolResolution {
    return server === undefined ? this.#resolveTool(tool) : this.#resolveOn(server, tool);
  }

  #resolveOn(server: string, name: string): ToolResolution {
    const entry = this.#entries.get(server);
    if (!entry) {
      const known = list([...this.#entries.keys()]);
      return refuse("unknown_server", `There is no server "${server}". Servers: ${known}.`);
    }
    const { tools } = entry;
    if (tools === null) return { ok: true, server, toolName: name, tool: null };
    const tool =
      tools.find((candidate) => candidate.tool_name === name) ??
      tools.find((candidate) => candidate.name === name);
    if (tool) return found(tool);
    const known = list(tools.map((candidate) => candidate.tool_name));
    return refuse("unknown_tool", `Server "${server}" has no tool "${name}". Its tools: ${known}.`);
  }

  #resolveTool(name: string): ToolResolution {
    const unified = this.#byUnifiedName.get(name);
    if (unified) return found(unified);

    const silent = [...this.#entries.values()].filter((entry) => entry.tools === null);
    const owner = silent.find((entry) => name.startsWith(sanitiseToolName(entry.server) + UNIFIED_SEPARATOR));
    if (owner) return { ok: true, server: owner.server, toolName: name, tool: null };

    // A server that has not answered yet may have the tool too. Which one runs must not depend on which was
    // faster, so the choice waits for all.
    const waitFor = silent.filter((entry) => entry.connecting).map((entry) => entry.server);
    const candidates = this.#byToolName.get(name) ?? [];
    const [only] = candidates;
    if (only && candidates.length === 1 && waitFor.length === 0) return found(only);
    if (candidates.length > 1) {
      const choices = list(candidates.map((candidate) => candidate.name));
      return refuse("ambiguous_tool", `Several servers have a tool "${name}". Name one of: ${choices}.`);
    }
    const away =
      silent.length > 0 ? ` Not known yet: the tools of ${list(silent.map((entry) => entry.server))}.` : "";
    const known = list(this.#tools.map((tool) => tool.name));
    return refuse("unknown_tool", `No server has a tool "${name}". Tools: ${known}.${away}`, waitFor);
  }
}

function found(tool: Tool): ToolResolution {
  return { ok: true, server: tool.server_name, toolName: tool.tool_name, tool };
}

function refuse(
  code: "unknown_server" | "unknown_tool" | "ambiguous_tool",
  message: string,
  waitFor: readonly string[] = [],
): ToolResolution {
  return { ok: false, error: jobError(code, message), waitFor };
}
