import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "./answer.ts";
import type { RejectedRequest } from "./rejected-request.ts";

export type RequestBody = Record<string, unknown>;

/** What decides which answer a request gets. */
export interface Conversation {
  /** Assistant messages since the last message of a human. */
  readonly turn: number;
  /** Text of the last message; results of parallel tool calls count as one message, line by line. */
  readonly lastText: string;
  /** Text of the last message of a human. */
  readonly askedText: string;
}

/** An answer as it goes over the wire. */
export interface WireAnswer {
  readonly contentType: string;
  /** Never empty. */
  readonly opening: string;
  /** Each holds one delta, with what goes before it. */
  readonly pieces: readonly string[];
  readonly closing: string;
}

/** What a server knows of a request that it answers. */
export interface Answering {
  readonly answer: Answer;
  readonly body: RequestBody;
  readonly requestId: string;
}

/** One provider's way to write requests, answers and errors. */
export interface WireFormat {
  readonly provider: "anthropic" | "openai";
  readonly path: string;
  /** The header that carries the id of the request. */
  readonly requestIdHeader: string;
  /** How an id of a tool call begins. */
  readonly callIdPrefix: string;
  /** Sent where a script wants something that is no JSON. */
  readonly malformed: string;
  /** Undefined when the request has no key. */
  readonly keyOf: (headers: IncomingHttpHeaders) => string | undefined;
  /** @throws RejectedRequest for what the provider would answer with 400. */
  readonly readRequest: (body: RequestBody, headers: IncomingHttpHeaders) => Conversation;
  readonly errorBody: (error: RejectedRequest, requestId: string) => object;
  /** An error within a stream that had begun well. */
  readonly streamError: (type: string, requestId: string) => string;
  readonly stream: (answering: Answering) => WireAnswer;
  /** Without streaming: one piece. */
  readonly whole: (answering: Answering) => WireAnswer;
}

export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** An answer without streaming. It counts as one delta. */
export function wholeAnswer(body: object): WireAnswer {
  const text = JSON.stringify(body);
  return { contentType: "application/json", opening: text.slice(0, 1), pieces: [text.slice(1)], closing: "" };
}
