import type { Job, JobEvent } from "@millrace/contracts";
import type { Output } from "./output.ts";
import { printableLine, shortened } from "./printable.ts";
import { answerText, oneLineJson } from "./result-text.ts";

/** Shows what a job does while it does it: text on stdout, everything else on stderr. */
export class JobView {
  readonly #output: Output;
  /** Text of the model's turn that stands on the screen so far. */
  #turn = "";

  constructor(output: Output) {
    this.#output = output;
  }

  show(event: JobEvent): void {
    if (event.type === "text.delta") this.#showText(event.text);
    else if (event.type === "turn.finished") this.#endLine();
    else if (event.type === "turn.discarded" && this.#turn !== "") {
      this.#endLine();
      this.#output.note("(the answer broke off and starts again)");
    } else {
      const note = describeStep(event);
      if (note !== null) this.#output.note(note);
    }
  }

  #showText(text: string): void {
    if (!this.#output.isLive) return;
    this.#turn += text;
    this.#output.piece(text);
  }

  #endLine(): void {
    if (this.#turn !== "" && !this.#turn.endsWith("\n")) this.#output.piece("\n");
    this.#turn = "";
  }
}

/** Null for what need not be told. */
function describeStep(event: JobEvent): string | null {
  if (event.type === "tool.called") return `→ ${event.tool} ${oneLineJson(event.arguments)}`;
  if (event.type === "tool.returned") {
    const text = shortened(printableLine(event.error?.message ?? answerText(event.result)), 200);
    return `${event.is_error ? "✗" : "←"} ${event.tool}: ${text}`;
  }
  if (event.type === "tool.progress") {
    const { tool, progress, total, message } = event;
    return `  ${tool}: ${progress}${total === null ? "" : `/${total}`} ${message ?? ""}`;
  }
  if (event.type === "job.warning") return event.message;
  if (event.type === "job.retrying") {
    return `${event.error.message} The next attempt begins in ${event.delay_ms} ms.`;
  }
  const isCoolDown = event.type === "job.parked" && event.reason === "cool_down";
  return isCoolDown ? `The model's provider asks to wait until ${event.until}.` : null;
}

/** The end of a job: its result on stdout, unless it has been shown as it came; why there is none on stderr. */
export function showEnd(output: Output, job: Job, { isTextShown }: { isTextShown: boolean }): void {
  if (output.json) return output.value(job);
  if (job.status === "cancelled") return output.warn(`${job.id} was cancelled.`);
  if (job.type === "tool" && job.result) {
    const text = answerText(job.result);
    if (job.status === "completed") return output.text(text);
    // What a tool says of its failure is its error's message, as far as that goes.
    return output.error(`${job.error?.message ?? text} (${job.error?.code}, ${job.id})`);
  }
  if (job.error) return output.error(`${job.error.message} (${job.error.code}, ${job.id})`);
  if (job.type === "chat" && job.result) {
    if (!isTextShown) output.text(job.result.text);
    if (job.result.stop_reason !== "end_turn")
      output.warn(`The answer ended early: ${job.result.stop_reason}.`);
  }
}
