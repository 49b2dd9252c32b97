import { APIError } from "openai";
import { describeError } from "../../describe-error.ts";
import { NoStreamError } from "../no-stream-error.ts";
import type { ProviderFailure } from "../provider-error.ts";
import { UnsupportedContentError } from "./to-messages.ts";

/** What the SDK threw, or what went wrong with the stream. */
export function describeFailure(error: unknown): ProviderFailure {
  if (error instanceof UnsupportedContentError) {
    return { status: null, type: "invalid_request_error", message: error.message };
  }
  if (error instanceof APIError && error.cause instanceof NoStreamError) {
    const { type, message } = error.cause;
    return { status: null, type, message };
  }
  if (!(error instanceof APIError)) return { status: null, type: null, message: describeError(error) };
  const body = (error.error ?? {}) as { message?: unknown };
  return {
    status: error.status ?? statusOf(error.code),
    type: [error.code, error.type].find((name) => typeof name === "string") ?? null,
    message: typeof body.message === "string" ? body.message : describeError(error),
    headers: error.headers,
  };
}

/** vLLM puts the HTTP status into an error within a stream. */
function statusOf(code: unknown): number | null {
  return typeof code === "number" && code >= 400 && code < 600 ? code : null;
}
