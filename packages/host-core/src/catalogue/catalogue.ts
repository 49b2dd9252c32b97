import { ToolDirectory, type Tool, type ToolResolution } from "@millrace/contracts";
import { unifyTools, type CatalogueEntry } from "./unified-tools.ts";

/** The tools of all servers at one moment. Immutable: a change makes a new one. */
export class Catalogue {
  /** In stable order. */
  readonly tools: readonly Tool[];
  readonly #byServer: ReadonlyMap<string, readonly Tool[]>;
  readonly #directory: ToolDirectory;

  constructor(entries: readonly CatalogueEntry[]) {
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

  /** See `ToolDirectory.resolve`: the api judges requests by the same rules. */
  resolve(server: string | undefined, tool: string): ToolResolution {
    return this.#directory.resolve(server, tool);
  }
}
