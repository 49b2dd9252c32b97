import type { ServerStatus } from "@millrace/contracts";
import { redact } from "../config/secrets.ts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { ServerTool } from "../connection/connection.ts";
import type { Logger } from "../logger.ts";
import { ToolAdmission, type AdmittedTools } from "./tool-admission.ts";
import type { CatalogueEntry } from "./unified-tools.ts";

/** What the catalogue is made from. `tools` is all that the server lists. */
export interface ListingServer {
  readonly settings: ServerSettings;
  readonly status: ServerStatus;
  readonly tools: readonly ServerTool[] | null;
}

interface Known extends AdmittedTools {
  readonly settings: ServerSettings;
  readonly listed: readonly ServerTool[];
}

/** Turns servers into entries of the catalogue: what their settings do not admit is left out. */
export class AdmittedEntries {
  readonly #logger: Logger;
  // By the server itself: one that takes the place of another under its name is approved anew.
  readonly #admissions = new WeakMap<ListingServer, ToolAdmission>();
  readonly #known = new WeakMap<ListingServer, Known>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  of(server: ListingServer): CatalogueEntry {
    const { settings, status } = server;
    const connecting = status === "connecting";
    const admitted = this.#admittedOf(server);
    if (!admitted) return { server: settings.name, tools: null, withheld: new Map(), connecting };
    return { server: settings.name, tools: admitted.tools, withheld: admitted.withheld, connecting };
  }

  /** Why a tool of the server may not be used; undefined when it may, and while the server's tools are not known. */
  whyWithheld(server: ListingServer, tool: string): string | undefined {
    return this.#admittedOf(server)?.withheld.get(tool);
  }

  /** Null while the server's tools are not known. */
  #admittedOf(server: ListingServer): AdmittedTools | null {
    const { settings, tools: listed } = server;
    if (listed === null) return null;
    let known = this.#known.get(server);
    // The catalogue is made anew when any server changes; hashing the tools of the others again would be in vain.
    if (known?.listed !== listed || known.settings !== settings) {
      known = { settings, listed, ...this.#admissionOf(server).admit(settings, listed) };
      this.#known.set(server, known);
    }
    return known;
  }

  #admissionOf(server: ListingServer): ToolAdmission {
    let admission = this.#admissions.get(server);
    if (!admission) {
      admission = new ToolAdmission((warning) => {
        const { name, secrets } = server.settings;
        this.#logger.warn({ server: name, warning: redact(warning, secrets) }, "MCP server warning");
      });
      this.#admissions.set(server, admission);
    }
    return admission;
  }
}
