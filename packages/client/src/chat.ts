import type { ChatJob, ChatMessage, JobEvent, JobRequestInput } from "@millrace/contracts";
import type { FollowOptions } from "./http/follow.ts";
import type { SignalOption } from "./http/signal-option.ts";
import type { Jobs, SubmitOptions } from "./jobs.ts";

type ChatJobInput = Extract<JobRequestInput, { type: "chat" }>;
type WithoutConversation<Request> = Omit<Request, "type" | "message" | "messages">;

/** Everything of a chat job but its conversation: `model`, `system`, `mcp_servers`, `budget` and so on. */
export type ChatOptions = WithoutConversation<ChatJobInput> & SubmitOptions;

export interface TextOptions extends FollowOptions {
  /**
   * Called when a turn is taken back, because its worker or its model's stream broke, with its text so far. It is
   * written anew: what has been shown of it is to be taken away.
   */
  onDiscarded?: ((text: string) => void) | undefined;
}

/** A chat job that has been accepted. */
export class Chat {
  /** The job as it was when it had been accepted. */
  readonly job: ChatJob;
  readonly #jobs: Jobs;

  constructor(jobs: Jobs, job: ChatJob) {
    this.#jobs = jobs;
    this.job = job;
  }

  /** The job's id: with it the conversation can be continued (`previous_job_id`). */
  get id(): string {
    return this.job.id;
  }

  /** What the model writes, in all its turns, piece by piece as it comes. Ends with the job, however that ends. */
  async *text({ onDiscarded, ...options }: TextOptions = {}): AsyncGenerator<string, void, undefined> {
    let turn = "";
    for await (const event of this.events(options)) {
      if (event.type === "turn.started") turn = "";
      if (event.type === "turn.discarded") onDiscarded?.(turn);
      if (event.type !== "text.delta") continue;
      turn += event.text;
      yield event.text;
    }
  }

  /** All of the job's events, as of `client.jobs.events`. */
  events(options: FollowOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    return this.#jobs.events(this.id, options);
  }

  /** The finished job: its `result.text` is the answer when its `status` is `completed`. */
  async end(options: SignalOption = {}): Promise<ChatJob> {
    return (await this.#jobs.wait(this.id, options)) as ChatJob;
  }

  /** Stops it. */
  async cancel(options: SignalOption = {}): Promise<ChatJob> {
    return (await this.#jobs.cancel(this.id, options)) as ChatJob;
  }
}

/** Submits a chat job, from one message or a whole conversation. */
export async function startChat(
  jobs: Jobs,
  conversation: string | ChatMessage[],
  { idempotencyKey, signal, ...options }: ChatOptions,
): Promise<Chat> {
  const said = typeof conversation === "string" ? { message: conversation } : { messages: conversation };
  const request = { type: "chat", ...said, ...options } as const;
  return new Chat(jobs, await jobs.submit(request, { idempotencyKey, signal }));
}
