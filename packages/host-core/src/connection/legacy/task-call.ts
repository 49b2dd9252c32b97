import { z } from "zod";
import { abortable } from "../../abortable.ts";
import { pause } from "../../pause.ts";
import { parseAnswer } from "../answers/parse-answer.ts";
import { ConnectionLostError, NotRunError, SessionLostError, type ToolCallOptions } from "../connection.ts";

/** How often a task is asked for, whatever its server proposes. */
const POLL_MS_MIN = 50;
const POLL_MS_MAX = 5_000;
const DEFAULT_POLL_MS = 1_000;
/** How long a cancel waits for each of the server's answers. */
const CANCEL_TIMEOUT_MS = 5_000;

const Task = z.object({
  taskId: z.string(),
  status: z.string(),
  pollInterval: z.number().nullish(),
});
type Task = z.infer<typeof Task>;
const CreatedTask = z.object({ task: Task });

type SendRequest = (
  method: string,
  parameters: Record<string, unknown>,
  signal: AbortSignal,
) => Promise<Record<string, unknown>>;

function pollDelayMs({ pollInterval }: Task): number {
  return Math.min(Math.max(pollInterval ?? DEFAULT_POLL_MS, POLL_MS_MIN), POLL_MS_MAX);
}

/**
 * A tool call that runs as a task (MCP specification 2025-11-25, "Tasks"): made, asked for until it has ended or wants
 * something, and then its result fetched. (The SDK's own stream reports a lost connection as an error of the server's,
 * and sleeps as long as the server says.)
 */
export class TaskCall {
  readonly #send: SendRequest;
  readonly #created: Promise<Task>;
  readonly #giveUp = new AbortController();

  constructor(send: SendRequest, parameters: Record<string, unknown>) {
    this.#send = send;
    // Not ended by the caller's signal: without the task's id nothing can be cancelled.
    this.#created = send("tools/call", { ...parameters, task: {} }, this.#giveUp.signal).then(
      (answer) => parseAnswer(CreatedTask, answer, "task").task,
    );
    // `result` and `cancel` see the error; neither need be waiting when it comes.
    this.#created.catch(() => {});
  }

  /** The answer to the call. Rejects with the signal's reason when it aborts; the task goes on until `cancel`. */
  async result(signal: AbortSignal): Promise<Record<string, unknown>> {
    let task = await abortable(this.#created, signal);
    while (task.status === "working") {
      await pause(pollDelayMs(task), signal);
      task = parseAnswer(Task, await this.#ask("tasks/get", task, signal), "task");
    }
    return await this.#ask("tasks/result", task, signal);
  }

  /**
   * Asks about the task, again and again while the question cannot be sent. The call itself has been made: no error of
   * a question may say that nothing has run, or the call is made a second time.
   */
  async #ask(method: string, task: Task, signal: AbortSignal): Promise<Record<string, unknown>> {
    for (;;) {
      try {
        return await this.#send(method, { taskId: task.taskId }, signal);
      } catch (error) {
        if (error instanceof SessionLostError) throw new ConnectionLostError(error.message, { cause: error });
        if (!(error instanceof NotRunError)) throw error;
      }
      await pause(pollDelayMs(task), signal);
    }
  }

  /** Cancels the task. Whether the server gave in; never rejects, and settles within 5 s. */
  async cancel(): Promise<boolean> {
    const deadline = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
    try {
      const { taskId } = await abortable(this.#created, deadline);
      const answer = await this.#send("tasks/cancel", { taskId }, deadline);
      return answer["status"] === "cancelled";
    } catch {
      // It had ended, or cannot be reached.
      return false;
    } finally {
      this.#giveUp.abort(deadline.reason);
    }
  }
}

/** Runs a call as a task, to its answer. An abort cancels the task. */
export async function callAsTask(
  send: SendRequest,
  parameters: Record<string, unknown>,
  { signal, onAborted }: ToolCallOptions,
): Promise<Record<string, unknown>> {
  const task = new TaskCall(send, parameters);
  try {
    return await task.result(signal);
  } catch (error) {
    if (signal.aborted) {
      const cancelled = task.cancel();
      onAborted?.(() => cancelled);
    }
    throw error;
  }
}
