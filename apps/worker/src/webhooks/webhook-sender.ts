import { AssertionError } from "node:assert";
import { abortable } from "@millrace/host-core";
import { AddressRefusedError } from "@millrace/host-core/network";
import type { SendWebhook, WebhookAnswer, WebhookMessage } from "@millrace/job-store";
import { webhookSecret } from "@millrace/service";
import { Webhook } from "standardwebhooks";
import { errors, request, type Dispatcher } from "undici";
import { WebhookGuard } from "./webhook-guard.ts";

/** What one attempt may take, in milliseconds. */
const ATTEMPT_MS = 10_000;

/** What is read of an answer's body, so that its connection can be used again. In bytes. */
const BODY_BYTES_MAX = 64 * 1_024;

const USER_AGENT = "millrace-webhooks";

/** Those that name another URL. */
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

const BAD_ANSWER =
  "answered, but with no final HTTP response: with 101, for instance, or in another protocol";

/** What undici says of answers that it cannot use. */
const BAD_ANSWERS: readonly string[] = ["bad upgrade", "bad response"];

export interface WebhookSenderOptions {
  /** Of the installation, one at least; the first is the new one while receivers change. */
  secrets: readonly string[];
  /** Hosts with private addresses that may be reached. */
  allowedHosts: readonly string[];
}

/**
 * Sends webhooks: one POST, signed as Standard Webhooks with the secret of its tenant. A redirect is not followed: it
 * would take the job to a place that nobody has named.
 */
export function createWebhookSender({ secrets, allowedHosts }: WebhookSenderOptions) {
  const agent = new WebhookGuard(allowedHosts).createAgent({ headersTimeout: ATTEMPT_MS });

  const send: SendWebhook = async (message) => {
    const timeout = AbortSignal.timeout(ATTEMPT_MS);
    const signal = AbortSignal.any([message.signal, timeout]);
    try {
      // Undici hears of an abort only when its connection has been made.
      const { statusCode, body } = await abortable(post(message, secrets, agent, signal), signal);
      // Nobody reads what it says, so nobody waits for it either.
      void body.dump({ limit: BODY_BYTES_MAX, signal }).catch(() => undefined);
      return { statusCode, error: describeStatus(statusCode) };
    } catch (error) {
      message.signal.throwIfAborted();
      return {
        statusCode: null,
        error: timeout.aborted ? `no answer within ${ATTEMPT_MS / 1_000} s` : describeFailure(error),
      };
    }
  };
  return { send, close: (): Promise<void> => agent.destroy() };
}

/** A browser's rules, which `fetch` has, keep a webhook from some ports and do not show some statuses: this has none. */
function post(
  message: WebhookMessage,
  secrets: readonly string[],
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { url, body } = message;
  return request(url, { method: "POST", body, headers: headersOf(message, secrets), signal, dispatcher });
}

function headersOf({ tenant, id, body }: WebhookMessage, secrets: readonly string[]): Record<string, string> {
  const now = new Date();
  const signatures = secrets.map((secret) => new Webhook(webhookSecret(secret, tenant)).sign(id, now, body));
  return {
    "content-type": "application/json",
    "user-agent": USER_AGENT,
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
    "webhook-signature": signatures.join(" "),
  };
}

function describeStatus(status: number): WebhookAnswer["error"] {
  if (status >= 200 && status < 300) return null;
  if (REDIRECTS.includes(status)) {
    return `answered ${status}: redirects are not followed, so the webhook has to name the final URL`;
  }
  if (status === 410) return "answered 410: it wants no more";
  return `answered ${status}`;
}

function describeFailure(error: unknown): string {
  if (error instanceof AddressRefusedError) return error.message;
  if (error instanceof Error && isBadAnswer(error)) return BAD_ANSWER;
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return `could not be reached: ${error.code}`;
  }
  return "could not be reached";
}

/** An assertion of undici's fails when an answer switches protocols without saying to which. */
function isBadAnswer(error: Error): boolean {
  if (error instanceof errors.HTTPParserError || BAD_ANSWERS.includes(error.message)) return true;
  return error instanceof AssertionError;
}
