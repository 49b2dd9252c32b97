/**
 * Loaded into a program before its own code (`node --import`), it tells the bench how that process fares. The product
 * needs no flag for it, and does not notice.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { EventLoopDelay, ProcessMemory } from "../probe.ts";
import { answerQuestions } from "../questions.ts";

/** How often the timer is due whose delay is measured. */
const RESOLUTION_MS = 10;

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

/** Nothing ticks before the first of these: programs that are not asked run as they would without a probe. */
function watchEventLoop(): void {
  histogram.reset();
  histogram.enable();
}

/** The histogram holds the times between two ticks of the timer. */
const delay = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);

function eventLoopDelay(): EventLoopDelay {
  return { p99: delay(histogram.percentile(99)), max: delay(histogram.max), samples: histogram.count };
}

function memory(): ProcessMemory {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, heap: heapUsed + external };
}

/** After V8 has given back what it keeps ready for objects to come. */
function heldMemory(): ProcessMemory {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as NodeJS.GCFunction;
  collectGarbage({ type: "major", execution: "sync", flavor: "last-resort" });
  return memory();
}

answerQuestions({ watchEventLoop, eventLoopDelay, memory, heldMemory });
