import { createInterface } from "node:readline/promises";
import type { JobEvent } from "@millrace/contracts";
import type { MillraceClient } from "@millrace/client";
import type { Output } from "./output/output.ts";
import { oneLineJson } from "./output/result-text.ts";

type Request = Extract<JobEvent, { type: "approval.requested" }>;

/**
 * Asks a person for the approvals that a job waits for, one after the other; where nobody can be asked it says how to
 * give them. What somebody else decides meanwhile is not asked any more.
 */
export class ApprovalPrompt implements AsyncDisposable {
  readonly #client: MillraceClient;
  readonly #output: Output;
  readonly #jobId: string;
  readonly #open = new Map<string, AbortController>();
  #asking: Promise<void> = Promise.resolve();

  constructor(client: MillraceClient, output: Output, jobId: string) {
    this.#client = client;
    this.#output = output;
    this.#jobId = jobId;
  }

  handle(event: JobEvent): void {
    if (event.type === "approval.resolved") this.#open.get(event.tool_call_id)?.abort();
    if (event.type !== "approval.requested") return;
    if (!process.stdin.isTTY || !process.stderr.isTTY) return this.#tell(event);
    const decided = new AbortController();
    this.#open.set(event.tool_call_id, decided);
    this.#asking = this.#asking.then(() => this.#ask(event, decided.signal));
  }

  /** Asks nothing more. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const decided of this.#open.values()) decided.abort();
    await this.#asking;
  }

  #tell({ tool, tool_call_id: call }: Request): void {
    this.#output.warn(
      `${tool} waits for an approval: millrace approve ${this.#jobId} ${call} (or with --deny)`,
    );
  }

  async #ask(event: Request, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const question = `${event.tool} ${oneLineJson(event.arguments)}\nMay it run? [y/N] `;
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const closed = new AbortController();
    terminal.once("close", () => closed.abort());
    // The terminal would else swallow Ctrl-C, which is not an answer to the question.
    terminal.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      const answer = await terminal.question(this.#output.styled("yellow", question), {
        signal: AbortSignal.any([signal, closed.signal]),
      });
      const call = event.tool_call_id;
      if (/^y(es)?$/i.test(answer.trim())) await this.#client.jobs.approve(this.#jobId, call);
      else await this.#client.jobs.deny(this.#jobId, call);
    } catch (error) {
      if (signal.aborted) return;
      // End of input is no answer.
      if (closed.signal.aborted) return this.#tell(event);
      // Somebody else was quicker, or the job has ended: its events say which.
      this.#output.warn((error as Error).message);
    } finally {
      terminal.close();
    }
  }
}
