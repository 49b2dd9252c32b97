import type { JobRequest } from "@millrace/contracts";
import type { ApiConfig } from "./config.ts";
import { ProblemError } from "./http/problem.ts";

/** Refuses a job with a webhook while nothing can be signed. `path` is where the request has the webhook. */
export function checkWebhook(
  { webhookSecrets }: Pick<ApiConfig, "webhookSecrets">,
  { webhook }: JobRequest,
  path = "webhook",
): void {
  if (webhook === undefined || webhookSecrets.length > 0) return;
  const message = "webhooks cannot be signed: set WEBHOOK_SECRET for the api and its workers";
  throw new ProblemError("webhooks_not_configured", {
    detail: `No webhook can be sent, because ${message}.`,
    errors: [{ path, message }],
  });
}
