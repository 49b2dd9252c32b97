import type { WaitListener } from "../server/run-call.ts";
import type { Session } from "./session.ts";

/** This worker shuts down, and the call has not been sent. */
export class CallPostponed extends Error {
  override name = "CallPostponed";

  constructor() {
    super("the worker shuts down");
  }
}

/**
 * A call on its way to its server:
 *
 *     free ── onWaiting() ──→ waiting ── onRunning() ──→ free
 *                                └── the worker shuts down ──→ postponed
 *
 * While it waits for its server, or for a place there, nothing has happened yet, so a shutdown leaves it to another
 * worker. One that has been sent goes on.
 */
export class PostponableCall implements Disposable {
  readonly #signal: AbortSignal;
  readonly #draining: AbortSignal | undefined;
  readonly #controller = new AbortController();
  #isWaiting = false;

  constructor({ signal, draining }: Pick<Session, "signal" | "draining">) {
    this.#signal = signal;
    this.#draining = draining;
    signal.addEventListener("abort", this.#abort);
    draining?.addEventListener("abort", this.#postpone);
    if (signal.aborted) this.#abort();
  }

  /** Aborts with the reason of the job's own signal, or with `CallPostponed`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly onWaiting: WaitListener = () => {
    this.#isWaiting = true;
    this.#postpone();
  };

  readonly onRunning = (): void => {
    this.#isWaiting = false;
  };

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#draining?.removeEventListener("abort", this.#postpone);
  }

  readonly #abort = (): void => this.#controller.abort(this.#signal.reason);

  readonly #postpone = (): void => {
    if (this.#isWaiting && this.#draining?.aborted) this.#controller.abort(new CallPostponed());
  };
}
