import { APIError } from "@anthropic-ai/sdk";
import { describeError } from "../../describe-error.ts";
import { NoStreamError } from "../no-stream-error.ts";
import type { ProviderFailure } from "../provider-error.ts";

/** What the SDK threw, or what went wrong with the stream. */
export function describeFailure(error: unknown): ProviderFailure {
  if (error instanceof APIError && error.cause instanceof NoStreamError) {
    const { type, message } = error.cause;
    return { status: null, type, message };
  }
  if (!(error instanceof APIError)) return { status: null, type: null, message: describeError(error) };
  return {
    status: error.status ?? null,
    type: error.type,
    message: error.apiMessage ?? describeError(error),
    headers: error.headers,
  };
}
