/** More at once are only seen where a process is slow to read its answers. */
const OPEN_MAX = 20;

/**
 * The jobs of this process between their claim and their side effect, as long as the record does not say that they wait:
 * should the process die, nobody could tell that nothing has begun. So they are few. Beyond them, and as long as others
 * wait for their turn here, a job is claimed as held: that saves the one that has to wait a step, and costs the other
 * one right before its side effect. See `HeldRun`.
 */
export class OpenClaims {
  readonly #open = new Set<string>();
  readonly #waiting = new Set<string>();

  /** False when the job is to be claimed as held. */
  add(jobId: string): boolean {
    if (this.#waiting.size > 0 || this.#open.size >= OPEN_MAX) return false;
    this.#open.add(jobId);
    return true;
  }

  /** Its side effect has to wait. */
  waits(jobId: string): void {
    this.#waiting.add(jobId);
  }

  /** Its record says that it waits, or tells nothing in any case. */
  settle(jobId: string): void {
    this.#open.delete(jobId);
  }

  /** Its side effect begins, or its run has ended. */
  remove(jobId: string): void {
    this.#open.delete(jobId);
    this.#waiting.delete(jobId);
  }
}
