import { verdictOf, type Budget, type Figure, type Unit } from "./figure.ts";

export const HEADINGS = ["", "floor", "system", "ratio (min–max of rounds)", "budget", ""];

/** The cells of each figure, as {@link HEADINGS} names them. */
export function figureRows(figures: readonly Figure[]): string[][] {
  return figures.map(row);
}

/** The figures as aligned lines for a terminal. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = [HEADINGS, ...figureRows(figures)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function row(figure: Figure): string[] {
  const { name, unit, floor, system, ratio, budget } = figure;
  return [
    name,
    floor === null ? "–" : withUnit(floor, unit),
    withUnit(system, unit),
    ratio === null ? "–" : ratioText(ratio),
    budget === null ? "" : budgetText(budget, unit),
    verdictOf(figure) ?? "",
  ];
}

function ratioText({ min, median, max }: NonNullable<Figure["ratio"]>): string {
  if (!Number.isFinite(median)) return "–";
  const range = min === max ? "" : ` (${min.toFixed(2)}–${max.toFixed(2)})`;
  return `${median.toFixed(2)}×${range}`;
}

function budgetText({ of, bound, limit }: Budget, unit: Unit): string {
  const sign = bound === "at most" ? "≤" : "≥";
  return `${sign} ${of === "ratio" ? `${limit}×` : withUnit(limit, unit)}`;
}

function withUnit(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return "?";
  if (unit === "bytes") return `${Math.round(value)} B`;
  if (unit === "jobs/s" || unit === "calls/s") return `${Math.round(value)} ${unit}`;
  if (unit === "count") return value.toFixed(1);
  return `${value.toFixed(unit === "ms" ? 2 : 1)} ${unit}`;
}
