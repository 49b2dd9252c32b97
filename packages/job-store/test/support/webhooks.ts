import type { ToolJobRequest } from "@millrace/contracts";
import { expect, vi } from "vitest";
import type { JobStore } from "../../src/job-store.ts";
import type { SendWebhook, WebhookMessage } from "../../src/webhooks/webhook-runner.ts";
import { CHAT_REQUEST } from "./chat-jobs.ts";
import { PATIENCE_MS } from "./run-jobs.ts";
import { TENANT, type Installation } from "./test-installation.ts";

export const WEBHOOK = { url: "https://example.com/hook" };
export const CHAT = { ...CHAT_REQUEST, webhook: WEBHOOK };
export const TAKEN = { statusCode: 204, error: null };

/** A worker that delivers, and what it has sent. */
export function startWebhooks(
  installation: Installation,
  answer: SendWebhook = () => Promise.resolve(TAKEN),
) {
  const sent: WebhookMessage[] = [];
  const runner = installation.createWorker().createWebhookRunner((message) => {
    sent.push(message);
    return answer(message);
  });
  installation.onRelease(() => runner.close());
  runner.start();
  return sent;
}

export async function submitJob(
  api: JobStore,
  request: ToolJobRequest | typeof CHAT = CHAT,
): Promise<string> {
  return (await api.submit({ tenant: TENANT, request })).id;
}

export async function untilDelivered(api: JobStore, jobId: string): Promise<void> {
  await vi.waitFor(async () => {
    expect(await api.deliveries.list(TENANT, jobId)).toMatchObject([{ status: "delivered" }]);
  }, PATIENCE_MS);
}
