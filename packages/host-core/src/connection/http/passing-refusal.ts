/** Timeout, conflict (with a stream whose break the server has not seen), too early, too many. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);
/** Not implemented; a version of HTTP that it does not know. */
const LASTING: ReadonlySet<number> = new Set([501, 505]);

/** Whether what a server refuses with this status may be given a little later. */
export function mayPass(status: number): boolean {
  return PASSING.has(status) || (status >= 500 && !LASTING.has(status));
}
