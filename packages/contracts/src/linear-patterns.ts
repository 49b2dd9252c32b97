import { RE2JS } from "re2js";
import type { CheckBudget } from "./check-budget.ts";

/** What the patterns of one schema may have together, in instructions of their programs: a second or two to compile. */
const PROGRAM_SIZE_MAX = 50_000;

/** What a test costs at least, in steps of the budget. */
const TEST_STEPS_MIN = 200;

/** What `\s` means in ECMA-262; RE2 knows the spaces of ASCII alone. */
const SPACES =
  "\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";

interface PatternTest {
  test(text: string): boolean;
  /** Ajv takes patterns for the same whose texts are the same. */
  toString(): string;
}

/**
 * The patterns of one schema. They run in a time that is linear in the text (RE2): one that tries every way to match
 * would stop the whole process. What RE2 cannot do (look around, refer back) and what costs too much is a question that
 * is left open: the test says yes.
 */
export class LinearPatterns {
  readonly #budget: CheckBudget;
  #programSize = 0;

  constructor(budget: CheckBudget) {
    this.#budget = budget;
  }

  compile(pattern: string): PatternTest {
    const expression = this.#expression(pattern);
    const programSize = expression?.programSize() ?? Infinity;
    const stepsFor = (text: string) => Math.max((text.length + 1) * programSize, TEST_STEPS_MIN);
    return {
      test: (text) => !this.#budget.spend(stepsFor(text)) || (expression?.test(text) ?? true),
      toString: () => pattern,
    };
  }

  #expression(pattern: string): RE2JS | null {
    this.#programSize += largestProgram(pattern);
    if (this.#programSize > PROGRAM_SIZE_MAX) return null;
    if (!isPattern(pattern)) return null;
    try {
      return RE2JS.compile(withAllSpaces(RE2JS.translateRegExp(pattern)));
    } catch {
      return null;
    }
  }
}

/** Whether it is one of ECMA-262: what is none may mean something else to RE2. */
function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u").source !== "";
  } catch {
    return false;
  }
}

/** At least as many instructions as the pattern's program gets: what is counted is written out that often. */
function largestProgram(pattern: string): number {
  let length = pattern.length;
  let factor = 1;
  for (const [, group, least = "", most = ""] of pattern.matchAll(/(\))?\{(\d+)(?:,(\d*))?\}/g)) {
    const times = Number(most || least);
    if (group === undefined) length += times;
    // RE2 refuses what is to be repeated more than a thousand times.
    else factor = Math.min(factor * Math.max(times, 1), 1_000);
  }
  return length * factor;
}

/** @throws Error for what is no space within a class, which RE2 cannot be told. */
function withAllSpaces(expression: string): string {
  let isInClass = false;
  return expression.replaceAll(/\\[^]|\[\^?\]?|\]/g, (token) => {
    if (token === "\\s") return isInClass ? SPACES : `[${SPACES}]`;
    if (token === "\\S" && isInClass) throw new Error("no such class");
    if (token === "\\S") return `[^${SPACES}]`;
    if (!token.startsWith("\\")) isInClass = token !== "]";
    return token;
  });
}
