import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LedgerLine } from "@millrace/testing";

type Start = Extract<LedgerLine, { event: "start" }>;

/** Every line of every ledger in a folder, oldest first. */
export async function readLedgers(folder: string): Promise<LedgerLine[]> {
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap(parseLedger).toSorted((a, b) => a.at - b.at);
}

/** What follows the last line break was cut off by a kill. */
function parseLedger(text: string): LedgerLine[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LedgerLine);
}

/** Process id of the server that a worker has started last and that is still there; null when there is none. */
export async function runningServer(
  folder: string,
  server: string,
  workerPid: number,
): Promise<number | null> {
  const lines = await readLedgers(folder);
  const starts = lines.filter((line): line is Start => line.event === "start");
  const own = starts.filter((start) => start.server === server && start.parent === workerPid);
  return own.map(({ pid }) => pid).findLast(isAlive) ?? null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
