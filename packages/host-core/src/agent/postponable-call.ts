import type { WaitListener } from "../server/run-call.ts";
import type { Journal } from "./journal.ts";
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
 * worker. One that has been sent goes on. It is not sent before it is certain that the job is still this start's.
 */
export class PostponableCall implements Disposable {
  readonly #signal: AbortSignal;
  readonly #draining: AbortSignal | undefined;
  readonly #journal: Pick<Journal, "confirm">;
  readonly #controller = new AbortController();
  #isWaiting = false;

  constructor({ signal, draining, journal }: Pick<Session, "signal" | "draining" | "journal">) {
    this.#signal = signal;
    this.#draining = draining;
    this.#journal = journal;
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

  readonly onRunning = (): Promise<void> | undefined => {
    this.#isWaiting = false;
    return this.#journal.confirm();
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
