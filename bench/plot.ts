/** A picture of one figure: values over what is on the horizontal axis. */
export interface Plot {
  title: string;
  /** What stands below; as many as each series has values. */
  horizontal: { label: string; values: readonly number[] };
  vertical: { label: string };
  /** Drawn as bars, or else as a line. */
  measured: { form: "bar" | "line"; values: readonly number[] };
  /** What the measured is compared with, such as a budget: a line. */
  compared?: readonly number[];
}

/** The plot as a block that GitHub and most Markdown viewers draw (Mermaid's XY chart). */
export function mermaidPlot({ title, horizontal, vertical, measured, compared = [] }: Plot): string {
  const most = Math.max(...measured.values, ...compared);
  const least = Math.min(0, ...measured.values);
  return [
    "```mermaid",
    "xychart-beta",
    `  title "${title}"`,
    `  x-axis "${horizontal.label}" ${axis(horizontal.values, measured.form)}`,
    `  y-axis "${vertical.label}" ${Math.floor(least * 1.1)} --> ${Math.ceil(most * 1.1)}`,
    `  ${measured.form} ${list(measured.values)}`,
    ...(compared.length > 0 ? [`  line ${list(compared)}`] : []),
    "```",
  ].join("\n");
}

function list(values: readonly number[]): string {
  return `[${values.map((value) => Number(value.toFixed(2))).join(", ")}]`;
}

/** Under bars each value stands; a line runs from the first to the last. */
function axis(values: readonly number[], form: Plot["measured"]["form"]): string {
  return form === "bar" ? `[${values.join(", ")}]` : `${values[0]} --> ${values.at(-1)}`;
}
