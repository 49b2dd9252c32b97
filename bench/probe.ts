import { fileURLToPath } from "node:url";

/** See there for the names of the questions that it answers. */
export const PROBE_PROGRAM = fileURLToPath(new URL("programs/probe.ts", import.meta.url));

/** How late a timer's callback ran, in milliseconds, over the samples since it was last asked to watch. */
export interface EventLoopDelay {
  p99: number;
  max: number;
  samples: number;
}

/** In bytes. */
export interface ProcessMemory {
  resident: number;
  /** JavaScript's heap, and the buffers that it holds. */
  heap: number;
}
