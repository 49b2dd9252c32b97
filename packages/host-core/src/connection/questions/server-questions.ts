import type { QuestionSettings } from "../../config/server-settings.ts";
import { QuestionRefusedError } from "../connection.ts";
import { METHOD_NOT_FOUND, USER_REFUSED, type JsonRpcMessage } from "../wire/json-rpc.ts";
import { AbandonedCalls, type AbandonedCall } from "./abandoned-calls.ts";
import { answerElicitation } from "./elicitation.ts";
import { answerSampling, type Sampler } from "./sampling.ts";

/** What a client says in its handshake that it answers. */
interface QuestionCapabilities {
  sampling?: Record<string, never>;
  elicitation?: { form: Record<string, never> };
  roots?: Record<string, never>;
}

type Answer = Record<string, unknown>;

/**
 * What one connection answers when its server asks something of us: only what its settings allow, and nothing else is
 * declared to the server.
 *
 * A request for sampling does not say which call it belongs to, so it is answered only while exactly one call runs, and
 * none is left that was abandoned: such a server gets one call at a time on each connection.
 */
export class ServerQuestions {
  readonly capabilities: QuestionCapabilities;
  readonly #settings: QuestionSettings;
  readonly #samplers = new Set<{ sample: Sampler | undefined }>();
  readonly #abandoned = new AbandonedCalls();

  constructor(settings: QuestionSettings) {
    this.#settings = settings;
    const { sampling, elicitation, roots } = settings;
    this.capabilities = {
      ...(sampling && { sampling: {} }),
      ...(elicitation && { elicitation: { form: {} } }),
      ...(roots.length > 0 && { roots: {} }),
    };
  }

  /** Runs a call, for which `sample` answers. */
  during<T>(sample: Sampler | undefined, call: () => Promise<T>): Promise<T> {
    return this.#settings.sampling ? this.#during(sample, call) : call();
  }

  async #during<T>(sample: Sampler | undefined, call: () => Promise<T>): Promise<T> {
    const entry = { sample };
    this.#samplers.add(entry);
    try {
      return await call();
    } finally {
      this.#samplers.delete(entry);
    }
  }

  /** Nobody waits for a call any more, whose tool may ask all the same. */
  abandon(call: AbandonedCall): void {
    if (this.#settings.sampling) this.#abandoned.add(call);
  }

  /** Looks at every message that arrives. */
  inspect(message: JsonRpcMessage): void {
    this.#abandoned.inspect(message);
  }

  /** This and the two below throw `QuestionRefusedError`, which the server is answered with. */
  async sample(parameters: unknown, signal: AbortSignal): Promise<Answer> {
    if (!this.#settings.sampling) throw notOffered("sampling");
    if (this.#abandoned.areLeft) {
      const reason = "a call that was given up may be at work yet: nobody knows whose job pays, ask later";
      throw new QuestionRefusedError(USER_REFUSED, reason);
    }
    const [entry, ...others] = this.#samplers;
    if (others.length > 0) {
      throw new QuestionRefusedError(
        USER_REFUSED,
        "several calls run on this connection: nobody knows whose job pays",
      );
    }
    if (!entry)
      throw new QuestionRefusedError(USER_REFUSED, "no tool call is running that could ask a model");
    if (!entry.sample) {
      throw new QuestionRefusedError(USER_REFUSED, "this call has no model: call the tool from a chat job");
    }
    return await answerSampling(parameters, entry.sample, signal);
  }

  elicit(parameters: unknown): Answer {
    const { elicitation } = this.#settings;
    if (!elicitation) throw notOffered("elicitation");
    return answerElicitation(parameters, elicitation);
  }

  roots(): Answer {
    const { roots } = this.#settings;
    if (roots.length === 0) throw notOffered("roots");
    return { roots: roots.map((uri) => ({ uri })) };
  }
}

function notOffered(what: string): QuestionRefusedError {
  return new QuestionRefusedError(METHOD_NOT_FOUND, `${what} is not offered to this server`);
}
