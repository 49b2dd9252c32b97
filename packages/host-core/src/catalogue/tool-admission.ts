import { matchesGlob } from "@millrace/contracts";
import type { ServerSettings } from "../config/server-settings.ts";
import type { ServerTool } from "../connection/connection.ts";
import { pinOf } from "./pin.ts";

/** As many as one listing may have. Without a bound a server that changes at every listing would fill the memory. */
const FIRST_PINS_MAX = 10_000;
const WARNINGS_MAX = 1_000;

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
 * something else now, once for each thing that it is; `block` withholds it as well, until it is as it was or approved
 * in `pins`. A tool that appears later is new, not changed; but beyond 10,000 names nobody remembers what they were, and
 * such a tool has to stand in `pins`.
 */
export class ToolAdmission {
  readonly #warn: (warning: string) => void;
  readonly #firstPins = new Map<string, string>();
  /** What has been warned of: every listing would say the same again. */
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
        const warning = `"${glob}" in "${setting}" fits none of the server's tools`;
        this.#tellOnce(warning, warning);
      }
    }
  }

  #findPinReason({ pin, pins, name: server }: AdmissionRules, tool: ServerTool): string | null {
    if (pin === "off") return null;
    const now = pinOf(tool);
    const first = this.#firstPinOf(tool.name, now);
    const approved = Object.hasOwn(pins, tool.name) ? pins[tool.name] : first;
    if (now === approved) return null;
    const was = approved ?? `nothing: the server has listed ${FIRST_PINS_MAX} other names before`;
    const cure = `look at its description and schemas, then approve it with "pins": {${JSON.stringify(tool.name)}: "${now}"}`;
    this.#tellOnce(`${now} ${tool.name}`, `tool "${tool.name}" is not what was approved (${was}): ${cure}`);
    if (pin === "warn") return null;
    return `Tool "${tool.name}" of server "${server}" is blocked, because it is not what was approved: ${cure}.`;
  }

  /** Undefined when it is one name too many. */
  #firstPinOf(tool: string, now: string): string | undefined {
    const first = this.#firstPins.get(tool);
    if (first !== undefined || this.#firstPins.size >= FIRST_PINS_MAX) return first;
    this.#firstPins.set(tool, now);
    return now;
  }

  #tellOnce(subject: string, warning: string): void {
    if (this.#told.has(subject) || this.#told.size >= WARNINGS_MAX) return;
    this.#told.add(subject);
    this.#warn(warning);
    if (this.#told.size === WARNINGS_MAX) {
      this.#warn(`that was warning ${WARNINGS_MAX} about its tools: the worker tells no more of them`);
    }
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
