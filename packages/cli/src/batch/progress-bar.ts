import type { BatchProgress } from "@millrace/contracts";
import { SingleBar } from "cli-progress";
import { formatSeconds } from "../output/age.ts";
import { Rate } from "./rate.ts";

const FORMAT = "{bar} {percentage}% | {value}/{total} | {rate} | {failed} failed | {left}";

/** How far a batch is, with rate, failures and time left; for terminals only. */
export class ProgressBar implements Disposable {
  readonly #rate = new Rate();
  readonly #bar: SingleBar;

  constructor(stream: NodeJS.WriteStream, total: number) {
    this.#bar = new SingleBar({
      format: FORMAT,
      stream,
      barsize: 24,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
      emptyOnZero: true,
    });
    this.#bar.start(total, 0, { rate: "", failed: 0, left: "" });
  }

  show({ accepted, counts }: BatchProgress): void {
    const done = counts.completed + counts.failed + counts.cancelled;
    this.#rate.add(done, performance.now());
    const { perSecond } = this.#rate;
    const left = this.#rate.secondsFor(accepted - done);
    this.#bar.setTotal(accepted);
    this.#bar.update(done, {
      rate: perSecond === null ? "…" : `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} jobs/s`,
      failed: counts.failed,
      left: left === null ? "…" : `${formatSeconds(left)} left`,
    });
  }

  [Symbol.dispose](): void {
    this.#bar.stop();
  }
}
