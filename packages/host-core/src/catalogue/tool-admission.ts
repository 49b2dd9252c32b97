import { matchesGlob } from "@millrace/contracts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { ServerTool } from "../connection/connection.ts";
import { pinOf } from "./pin.ts";

/** A server's tools, told apart by whether its settings let them be used. */
export interface AdmittedTools {
  readonly tools: readonly ServerTool[];
  /** Why each of the others may not, by the server's own name for it. */
  readonly withheld: ReadonlyMap<string, string>;
}

/** What of a server's settings decides about its tools. */
export type AdmissionRules = Pick<ServerSettings, "name" | "allowTools" | "denyTools" | "pin" | "pins">;

/**
 * Decides which of a server's tools may be listed and called: its globs first, then its pins.
 *
 * With `pin` a tool is held to its hash in `pins`, and without one to what it was when this server first listed it:
 * until the worker starts again, or a reload changes how the server is reached. `warn` tells of a tool that is
 * something else now, `block` withholds it as well, until it is as it was or approved in `pins`. A tool that appears
 * later is new, not changed.
 */
export class ToolAdmission {
  readonly #warn: (warning: string) => void;
  readonly #firstPins = new Map<string, string>();
  /** Every listing would say the same again. */
  readonly #told = new Set<string>();

  constructor(warn: (warning: string) => void) {
    this.#warn = warn;
  }

  admit(rules: AdmissionRules, listed: readonly ServerTool[]): AdmittedTools {
    const withheld = new Map<string, string>();
    this.#tellOfIdleGlobs(rules, listed);
    const tools = listed.filter((tool) => {
      const reason = findGlobReason(rules, tool.name) ?? this.#findPinReason(rules, tool);
      if (reason !== null) withheld.set(tool.name, reason);
      return reason === null;
    });
    return { tools, withheld };
  }

  #tellOfIdleGlobs({ allowTools, denyTools }: AdmissionRules, listed: readonly ServerTool[]): void {
    for (const [setting, globs] of Object.entries({ allow_tools: allowTools ?? [], deny_tools: denyTools })) {
      for (const glob of globs) {
        if (listed.some(({ name }) => matchesGlob(glob, name))) continue;
        this.#tellOnce(`"${glob}" in "${setting}" fits none of the server's tools`);
      }
    }
  }

  #findPinReason({ pin, pins, name: server }: AdmissionRules, tool: ServerTool): string | null {
    if (pin === "off") return null;
    const now = pinOf(tool);
    if (!this.#firstPins.has(tool.name)) this.#firstPins.set(tool.name, now);
    const approved = Object.hasOwn(pins, tool.name) ? pins[tool.name] : this.#firstPins.get(tool.name);
    if (now === approved) return null;
    const cure = `look at its description and schemas, then approve it with "pins": {${JSON.stringify(tool.name)}: "${now}"}`;
    this.#tellOnce(`tool "${tool.name}" is not what was approved (${approved}): ${cure}`);
    if (pin === "warn") return null;
    return `Tool "${tool.name}" of server "${server}" is blocked, because it is not what was approved: ${cure}.`;
  }

  #tellOnce(warning: string): void {
    if (this.#told.has(warning)) return;
    this.#told.add(warning);
    this.#warn(warning);
  }
}

function findGlobReason({ name, allowTools, denyTools }: AdmissionRules, tool: string): string | null {
  const denying = denyTools.find((glob) => matchesGlob(glob, tool));
  if (denying !== undefined) {
    return `Tool "${tool}" of server "${name}" is denied by "${denying}" in the server's "deny_tools".`;
  }
  if (allowTools === null || allowTools.some((glob) => matchesGlob(glob, tool))) return null;
  return `Tool "${tool}" of server "${name}" fits nothing in the server's "allow_tools".`;
}
