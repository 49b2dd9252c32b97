import type { Violation } from "../violation.ts";
import type { LogLine } from "./program-slot.ts";

/** Pino's level of a program that cannot go on. */
const FATAL = 60;

/** Reads what all programs write. */
export class SystemLog {
  readonly troubles: Violation[] = [];

  of(name: string) {
    return {
      onLine: (line: LogLine): void => {
        const isBug = line.msg?.startsWith("Bug") || Number(line.level) >= FATAL;
        if (isBug) this.#note("bug_logged", `${name}: ${JSON.stringify(line)}`);
      },
      onTrouble: (text: string): void => this.#note("process", text),
    };
  }

  #note(kind: Violation["kind"], detail: string): void {
    this.troubles.push({ kind, detail });
  }
}
