import { setTimeout as delay } from "node:timers/promises";

/** No event tells the end of a process group, so it has to be looked for; a look costs microseconds. */
const LOOK_EVERY_MS = 20;

/** SIGKILL cannot be refused. What is left after this is a zombie that nobody collects, or stuck in the kernel. */
const KILLED_WITHIN_MS = 1_000;

/** Sends a signal to a process group; false when none of its processes is left. */
function signalProcessGroup(processGroupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-processGroupId, signal);
    return true;
  } catch (error) {
    // EPERM: somebody is there, under another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function isGoneWithin(processGroupId: number, timeoutMs: number): Promise<boolean> {
  for (const start = performance.now(); performance.now() - start < timeoutMs;) {
    if (!signalProcessGroup(processGroupId, 0)) return true;
    await delay(LOOK_EVERY_MS);
  }
  return !signalProcessGroup(processGroupId, 0);
}

/** Ends a process group: SIGTERM, up to `graceMs`, SIGKILL. Resolves when none of it is left to run. */
export async function endProcessGroup(processGroupId: number, graceMs: number): Promise<void> {
  if (!signalProcessGroup(processGroupId, "SIGTERM")) return;
  if (await isGoneWithin(processGroupId, graceMs)) return;
  signalProcessGroup(processGroupId, "SIGKILL");
  await isGoneWithin(processGroupId, KILLED_WITHIN_MS);
}
