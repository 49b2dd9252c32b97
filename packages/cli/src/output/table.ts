import { lengthOf, printableLine, shortened } from "./printable.ts";

const GAP = "  ";
const FLEXIBLE_MIN = 12;

/**
 * Lays rows out in columns, the header first. Where they are too wide, the widest column is cut until all fit, down
 * to a width below which nobody could read it. The first column, by which a row is named, stays whole.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const table = [header, ...rows.map((row) => row.map(printableLine))];
  const widths = header.map((_, column) => Math.max(...table.map((row) => lengthOf(row[column] ?? ""))));
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (total() > width) {
    const widest = Math.max(...widths.slice(1));
    if (widest <= FLEXIBLE_MIN) break;
    const rest = total() - widest;
    widths[widths.indexOf(widest, 1)] = Math.max(FLEXIBLE_MIN, Math.min(widest - 1, width - rest));
  }
  return table.map((row) =>
    row
      .map((cell, column) => pad(shortened(cell, widths[column] ?? 0), widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - lengthOf(text)));
}
