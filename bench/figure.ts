import type { Plot } from "./plot.ts";
import type { Spread } from "./statistics.ts";

export type Unit = "ms" | "jobs/s" | "calls/s" | "count" | "bytes" | "KiB" | "MiB";

/** What a figure must stay within, the promises of the product. */
export interface Budget {
  of: "ratio" | "system";
  bound: "at most" | "at least";
  limit: number;
}

/** One line of the report. */
export interface Figure {
  name: string;
  unit: Unit;
  floor: number | null;
  system: number;
  /** System to floor, over the rounds; the median is the one that counts. */
  ratio: Spread | null;
  budget: Budget | null;
  /** For reports. */
  plot?: Plot;
}

/** A figure that the floor has no counterpart of. */
export function systemFigure(
  name: string,
  unit: Unit,
  system: number,
  budget: Pick<Budget, "bound" | "limit"> | null = null,
): Figure {
  return { name, unit, floor: null, system, ratio: null, budget: budget && { of: "system", ...budget } };
}

export type Verdict = "ok" | "over";

/** Null when the figure has no budget, or when what has one was not measured. */
export function verdictOf({ budget, ratio, system }: Figure): Verdict | null {
  const value = budget?.of === "ratio" ? ratio?.median : system;
  if (budget === null || value === undefined) return null;
  const within = budget.bound === "at most" ? value <= budget.limit : value >= budget.limit;
  return within ? "ok" : "over";
}
