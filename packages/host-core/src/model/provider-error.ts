import type { ModelSettings } from "@millrace/contracts";
import { systemClock } from "../clock.ts";
import { redact, spellSecrets } from "../config/secrets.ts";
import { ModelError, type ModelErrorCode, type ModelRetry } from "./model.ts";
import { readRetryAfter } from "./retry-after.ts";

/** What went wrong, in no provider's own terms. */
export interface ProviderFailure {
  /** The status of the HTTP answer; null when there was none, or when the failure came within a stream. */
  readonly status: number | null;
  /** The provider's name for it, such as `overloaded_error`. */
  readonly type: string | null;
  /** The provider's own words, or what happened to the connection. */
  readonly message: string;
  readonly headers?: Headers | undefined;
}

/** Whose failure it is. */
export interface FailingModel {
  readonly settings: ModelSettings;
  /** Never shown. */
  readonly apiKey: string;
}

interface Verdict {
  readonly code: ModelErrorCode;
  readonly retry: ModelRetry;
}

const REFUSED_KEY: Verdict = { code: "provider_auth", retry: "never" };
const REJECTED: Verdict = { code: "provider_rejected", retry: "never" };
const TRY_AGAIN: Verdict = { code: "provider_unavailable", retry: "backoff" };
const COOL_DOWN: Verdict = { code: "provider_unavailable", retry: "cool_down" };

/** Any other 4xx is a rejection; everything else, and what has no status, may be tried again. */
const VERDICT_ON_STATUS: Readonly<Record<number, Verdict>> = {
  401: REFUSED_KEY,
  403: REFUSED_KEY,
  408: TRY_AGAIN,
  409: TRY_AGAIN,
  429: COOL_DOWN,
  529: COOL_DOWN,
};

/** An error within a stream has a type in place of a status. */
const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  timeout_error: 408,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  api_error: 500,
  server_error: 500,
};

/** These say more than the status that they come with. */
const STATUS_DESPITE: Readonly<Record<string, number>> = {
  overloaded_error: 529,
  // OpenAI says 429 here too, but waiting does not fill an account.
  insufficient_quota: 402,
};

const MESSAGE_LENGTH_MAX = 1_000;

function verdictOn({ status, type }: ProviderFailure): Verdict {
  const effective = STATUS_DESPITE[type ?? ""] ?? status ?? STATUS_OF_TYPE[type ?? ""] ?? null;
  if (effective === null) return TRY_AGAIN;
  const isRejection = effective >= 400 && effective < 500;
  return VERDICT_ON_STATUS[effective] ?? (isRejection ? REJECTED : TRY_AGAIN);
}

/** `Model "fast" (openai at 127.0.0.1:11434)`: the beginning of every message about a model. */
function nameModel({ alias, provider, baseUrl }: ModelSettings): string {
  const place = baseUrl !== null && URL.canParse(baseUrl) ? ` at ${new URL(baseUrl).host}` : "";
  return `Model "${alias}" (${provider}${place})`;
}

/** The provider's words, without the key and not too long. */
function quote({ message, status }: ProviderFailure, apiKey: string): string {
  const words = redact(message, spellSecrets([apiKey]))
    .trim()
    .slice(0, MESSAGE_LENGTH_MAX);
  return status === null ? words : `HTTP ${status}: ${words}`;
}

function describe(verdict: Verdict, settings: ModelSettings, words: string): string {
  const subject = nameModel(settings);
  switch (verdict) {
    case REFUSED_KEY:
      return `${subject} refused the key (${words}). Set ${settings.apiKeyVariable} to a key that may use it.`;
    case REJECTED:
      return `${subject} rejected the request (${words}). Change the request, or the alias "${settings.alias}" in the models file.`;
    case COOL_DOWN:
      return `${subject} asks to wait (${words}). Try again later, or raise the limits at the provider.`;
    default:
      return `${subject} did not answer (${words}). Try again later, and check the alias's "base_url" if this goes on.`;
  }
}

/** The only table of what a provider's failure means, and what may be done about it. */
export function providerError({ settings, apiKey }: FailingModel, failure: ProviderFailure): ModelError {
  const verdict = verdictOn(failure);
  return new ModelError(verdict.code, describe(verdict, settings, quote(failure, apiKey)), {
    retry: verdict.retry,
    retryAfterMs: readRetryAfter(failure.headers, systemClock.now()),
  });
}

/** No key, and no server that needs none: nothing was asked. */
export function unconfiguredError(settings: ModelSettings): ModelError {
  const variable = settings.apiKeyVariable;
  const orServer = settings.provider === "openai" ? `, or OPENAI_BASE_URL to a server that needs none` : "";
  return new ModelError("provider_auth", `${nameModel(settings)} has no key. Set ${variable}${orServer}.`, {
    retry: "never",
  });
}

/** The key has characters that no header may have: nothing was asked. */
export function unfitKeyError(settings: ModelSettings): ModelError {
  const message = `${nameModel(settings)} has a key that cannot be sent: it has a line break, a control character, or a letter or dash beyond Latin-1. Set ${settings.apiKeyVariable} to the key as the provider shows it.`;
  return new ModelError("provider_auth", message, { retry: "never" });
}

/** No byte came for the alias's `stall_timeout`. */
export function stallError(settings: ModelSettings): ModelError {
  const seconds = settings.stallTimeoutMs / 1_000;
  return new ModelError(
    "provider_unavailable",
    `${nameModel(settings)} sent nothing for ${seconds} s, so its answer was cut off. Raise the alias's "stall_timeout" if it may be silent for longer.`,
    { retry: "backoff" },
  );
}

/** The whole answer took longer than the alias's `timeout`. */
export function slowError(settings: ModelSettings): ModelError {
  const seconds = settings.timeoutMs / 1_000;
  return new ModelError(
    "model_timeout",
    `${nameModel(settings)} took longer than ${seconds} s for one answer. Raise the alias's "timeout" if it may.`,
    { retry: "never" },
  );
}
