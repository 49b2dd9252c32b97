import { readFile } from "node:fs/promises";

/** The kernel counts CPU time for programs in hundredths of a second on every architecture (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;

/** User and system time of a process so far, in seconds; NaN where there is no /proc. */
export async function cpuSeconds(processId: number): Promise<number> {
  const text = await readFile(`/proc/${processId}/stat`, "utf8").catch(() => "");
  // The name, field 2, may hold blanks and parentheses: count from its end.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]];
  return (Number(user) + Number(system)) / TICKS_PER_SECOND;
}

/** Memory of a process that is in RAM, in bytes; NaN where there is no /proc. */
export function residentBytes(processId: number): Promise<number> {
  return memoryBytes(processId, "VmRSS");
}

/** The most that {@link residentBytes} has been since the process started. */
export function peakResidentBytes(processId: number): Promise<number> {
  return memoryBytes(processId, "VmHWM");
}

async function memoryBytes(processId: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const text = await readFile(`/proc/${processId}/status`, "utf8").catch(() => "");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1_024;
}
