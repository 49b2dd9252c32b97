import { jobError, ToolDirectory, type Tool, type ToolResolution } from "@millrace/contracts";
import { unifiedName } from "./names.ts";
import { unifyTools, type CatalogueEntry } from "./unified-tools.ts";

/** The tools of all servers at one moment. Immutable: a change makes a new one. */
export class Catalogue {
  /** In stable order. */
  readonly tools: readonly Tool[];
  readonly #byServer: ReadonlyMap<string, readonly Tool[]>;
  readonly #directory: ToolDirectory;
  readonly #entries: readonly CatalogueEntry[];

  constructor(entries: readonly CatalogueEntry[]) {
    this.#entries = entries;
    this.tools = unifyTools(entries);
    this.#byServer = Map.groupBy(this.tools, (tool) => tool.server_name);
    this.#directory = new ToolDirectory(
      entries.map(({ server, tools, connecting }) => ({
        server,
        tools: tools && this.toolsOf(server),
        connecting,
      })),
    );
  }

  toolsOf(server: string): readonly Tool[] {
    return this.#byServer.get(server) ?? [];
  }

  /** See `ToolDirectory.resolve`: the api judges requests by the same rules. A tool that is withheld says why. */
  resolve(server: string | undefined, tool: string): ToolResolution {
    const resolution = this.#directory.resolve(server, tool);
    if (resolution.ok || resolution.error.code !== "unknown_tool") return resolution;
    const reason = this.#findReason(server, tool);
    return reason === null ? resolution : { ...resolution, error: jobError("unknown_tool", reason) };
  }

  #findReason(server: string | undefined, name: string): string | null {
    for (const entry of this.#entries) {
      if (server !== undefined && entry.server !== server) continue;
      for (const [tool, reason] of entry.withheld) {
        if (name === tool || name === unifiedName(entry.server, tool)) return reason;
      }
    }
    return null;
  }
}
