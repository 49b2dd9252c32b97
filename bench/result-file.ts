import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Git ignores it. */
export const RESULTS_FOLDER = join(import.meta.dirname, "results");

/** Writes a result under its time, and as `latest.json`. Returns the path of the first. */
export async function writeResult(startedAt: Date, result: object): Promise<string> {
  await mkdir(RESULTS_FOLDER, { recursive: true });
  const path = join(RESULTS_FOLDER, `${startedAt.toISOString().replaceAll(":", "-")}.json`);
  const text = `${JSON.stringify({ started_at: startedAt, ...result }, null, 2)}\n`;
  await writeFile(path, text);
  await writeFile(join(RESULTS_FOLDER, "latest.json"), text);
  return path;
}
