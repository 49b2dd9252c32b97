import { writeFile } from "node:fs/promises";
import type { Figure } from "./figure.ts";
import { machineLine, type Machine } from "./machine.ts";
import { mermaidPlot } from "./plot.ts";
import { figureRows, HEADINGS } from "./table.ts";

export interface Report {
  startedAt: Date;
  /** The command that measured it, to be run again. */
  command: string;
  machine: Machine;
  figures: readonly Figure[];
}

/** Writes the report for people to `path`.md and the same for programs to `path`.json. */
export async function writeReport(path: string, report: Report): Promise<void> {
  await writeFile(`${path}.md`, markdown(report));
  const { startedAt, ...rest } = report;
  await writeFile(`${path}.json`, `${JSON.stringify({ started_at: startedAt, ...rest }, null, 2)}\n`);
}

function markdown({ startedAt, command, machine, figures }: Report): string {
  const plots = figures.flatMap(({ plot }) => (plot ? [`## ${plot.title}`, mermaidPlot(plot)] : []));
  return `${[
    `# Measured on ${startedAt.toISOString().slice(0, 10)}`,
    `\`${command}\`, on ${machineLine(machine)}.`,
    ...plots,
    "## Figures",
    [row(HEADINGS), row(HEADINGS.map(() => "---")), ...figureRows(figures).map(row)].join("\n"),
  ].join("\n\n")}\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
