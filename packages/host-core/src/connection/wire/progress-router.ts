import { z } from "zod";
import { describeError } from "../../describe-error.ts";
import type { Logger } from "../../logger.ts";
import { shorten } from "../../shorten.ts";
import type { ToolProgress } from "../connection.ts";
import type { JsonRpcMessage } from "./json-rpc.ts";

/** Every report may go into the log of its job, ten a second. */
const MESSAGE_LENGTH_MAX = 1_000;

const ProgressParameters = z.object({
  progressToken: z.union([z.string(), z.number()]),
  progress: z.number(),
  total: z.number().optional(),
  message: z
    .string()
    .transform((text) => shorten(text, { longest: MESSAGE_LENGTH_MAX }))
    .optional(),
});

type Listener = (progress: ToolProgress) => void;

/**
 * Hands progress notifications to the calls that they belong to, in the order of arrival. The SDK calls its own
 * `onprogress` one microtask late, when an answer that came in the same chunk has already ended the call: what
 * a quick tool reports last would be lost.
 */
export class ProgressRouter {
  readonly #listeners = new Map<string, Listener>();
  readonly #logger: Logger;
  #lastToken = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Returns the token for the request's `_meta`. `release` it when the call is over. */
  register(listener: Listener): string {
    this.#lastToken += 1;
    const token = `progress-${this.#lastToken}`;
    this.#listeners.set(token, listener);
    return token;
  }

  release(token: string): void {
    this.#listeners.delete(token);
  }

  /** Looks at every message that arrives; anything but progress is none of its business. */
  inspect(message: JsonRpcMessage): void {
    if (this.#listeners.size === 0 || message.method !== "notifications/progress") return;
    const parameters = ProgressParameters.safeParse(message.params);
    if (!parameters.success) return;
    const { progressToken, progress, total, message: text } = parameters.data;
    try {
      this.#listeners.get(String(progressToken))?.({ progress, total, message: text });
    } catch (error) {
      // A caller's bug must not end the connection that it shares with others.
      this.#logger.error({ error: describeError(error) }, "a listener for the progress of a tool failed");
    }
  }
}
