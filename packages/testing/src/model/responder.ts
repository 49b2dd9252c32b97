import type { IncomingMessage, ServerResponse } from "node:http";
import { createAnswer, newId, type CompleteAnswer } from "./answer.ts";
import { RejectedRequest } from "./rejected-request.ts";
import type { RequestRecords } from "./request-records.ts";
import type { ScriptPlayer } from "./script-player.ts";
import { sendAnswer, waitForFirstByte } from "./send-answer.ts";
import type { Conversation, RequestBody, WireFormat } from "./wire-format.ts";

interface ResponderOptions {
  readonly formats: readonly [WireFormat, ...WireFormat[]];
  readonly apiKey: string | undefined;
  readonly records: RequestRecords;
  /** The one of the moment. */
  readonly player: () => ScriptPlayer;
}

/** One request under way. */
interface Exchange {
  readonly format: WireFormat;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly headers: Record<string, string>;
  /** Aborted when the connection ends before the answer. */
  readonly signal: AbortSignal;
  /** Resolves when either has ended: whether the answer was sent whole. */
  readonly finished: Promise<boolean>;
}

/** Takes a request from its first byte to the last of its answer: read, check, choose, send. */
export class Responder {
  /** Requests being answered now. */
  open = 0;
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** Also resolves when the client goes before the end. @throws what only a bug can throw. */
  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://model");
    const { formats } = this.#options;
    const known = formats.find(({ path }) => path === pathname && request.method === "POST");
    const format = known ?? formats.find(({ path }) => pathname.startsWith(path)) ?? formats[0];
    const exchange = this.#begin(format, request, response);
    try {
      if (!known) throw new RejectedRequest(`Not found: ${request.method} ${pathname}`, { status: 404 });
      await this.#answer(exchange);
    } catch (error) {
      if (exchange.signal.aborted || request.errored) return;
      if (!(error instanceof RejectedRequest)) throw error;
      sendError(exchange, error);
    }
  }

  #begin(format: WireFormat, request: IncomingMessage, response: ServerResponse): Exchange {
    const requestId = newId("req_");
    const ended = new AbortController();
    const { promise: finished, resolve } = Promise.withResolvers<boolean>();
    this.open += 1;
    response.once("close", () => {
      this.open -= 1;
      resolve(response.writableFinished);
      // After a whole answer nobody waits any more, and an abort costs more than the rest of a short answer.
      if (!response.writableFinished) ended.abort();
    });
    return {
      format,
      request,
      response,
      requestId,
      headers: { [format.requestIdHeader]: requestId },
      signal: ended.signal,
      finished,
    };
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { format, signal, requestId } = exchange;
    const text = await readText(exchange.request);
    const body = parseBody(text);
    const { answer: script, conversation } = this.#choose(exchange, body);
    await waitForFirstByte(script, signal);
    const { requires } = script;
    if (requires && !text.includes(`"${requires.field}":`)) throw new RejectedRequest(requires.message);
    if (script.status !== undefined) return sendScriptedError(exchange, script, script.status);

    const answer = createAnswer(script, conversation, format.callIdPrefix);
    const isStream = body?.["stream"] === true;
    const wire = format[isStream ? "stream" : "whole"]({ answer, body: body ?? {}, requestId });
    const withError =
      isStream && script.stream_error !== undefined
        ? { ...wire, closing: format.streamError(script.stream_error, requestId) }
        : wire;
    await sendAnswer(exchange, withError, script, format.malformed);
  }

  /** Records the request, whether it is refused or not. */
  #choose(
    { format, request, finished }: Exchange,
    body: RequestBody | null,
  ): { answer: CompleteAnswer; conversation: Conversation } {
    const record = (turn: number, attempt: number) =>
      this.#options.records.add({
        provider: format.provider,
        path: request.url ?? format.path,
        headers: request.headers,
        body: body ?? {},
        turn,
        attempt,
        finished,
      });
    try {
      this.#checkKey(format, request);
      if (!body) throw new RejectedRequest("The request body is not a JSON object");
      const conversation = format.readRequest(body, request.headers);
      const { provider } = format;
      const { answer, attempt } = this.#options.player().play(provider, body["messages"], conversation.turn);
      record(conversation.turn, attempt);
      return { answer, conversation };
    } catch (error) {
      record(0, 0);
      throw error;
    }
  }

  #checkKey(format: WireFormat, request: IncomingMessage): void {
    const { apiKey } = this.#options;
    if (apiKey === undefined || format.keyOf(request.headers) === apiKey) return;
    throw new RejectedRequest("Invalid API key", { status: 401 });
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function parseBody(text: string): RequestBody | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body) ? (body as RequestBody) : null;
  } catch {
    return null;
  }
}

function sendScriptedError(exchange: Exchange, script: CompleteAnswer, status: number): void {
  const { error_type: type = null, retry_after: retryAfter } = script;
  const headers = retryAfter === undefined ? {} : { "Retry-After": retryAfter };
  sendError(exchange, new RejectedRequest(script.text ?? "Scripted error", { status, type }), headers);
}

function sendError(
  { format, response, requestId, headers }: Exchange,
  error: RejectedRequest,
  more: Record<string, string> = {},
): void {
  response.writeHead(error.status, { ...headers, ...more, "Content-Type": "application/json" });
  response.end(JSON.stringify(format.errorBody(error, requestId)));
}
