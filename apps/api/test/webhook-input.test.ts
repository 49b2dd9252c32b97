import type { Delivery, KeyView } from "@millrace/contracts";
import { webhookSecret } from "@millrace/service";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { startWorker } from "../../../test/support/test-worker.ts";
import { WebhookReceiver } from "../../../test/support/webhook-receiver.ts";

const SECRET = "4f2a91c07be35d68a1f0c2e49b7d5836";
const ECHO = { type: "tool", tool: "fixture__echo", arguments: { text: "hello" } };

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), api: { WEBHOOK_SECRET: SECRET } });
  ({ client } = installation.api);
});
afterAll(() => installation.close());

test.each([
  [{ url: "ftp://example.com/x" }, "webhook.url"],
  [{ url: "https://user:password@example.com/" }, "webhook.url"],
  [{ url: "https://user@example.com/" }, "webhook.url"],
  [{ url: "https://:password@example.com/" }, "webhook.url"],
  [{ url: "not a url" }, "webhook.url"],
  [{ url: `https://example.com/${"x".repeat(2_048)}` }, "webhook.url"],
  [{}, "webhook.url"],
  [{ url: "https://example.com", events: [] }, "webhook.events"],
  [{ url: "https://example.com", events: ["job.failed", "job.failed"] }, "webhook.events"],
  [{ url: "https://example.com", events: ["job.started"] }, "webhook.events[0]"],
  [{ url: "https://example.com", secret: "mine" }, "webhook.secret"],
])("[webhook.input] %# a webhook that is not right is refused with its path", async (webhook, path) => {
  const { errors } = await expectProblem(await client.post("/jobs", { ...ECHO, webhook }), "invalid_request");
  expect(errors).toMatchObject([{ path }]);
});

test("[webhook.secret] a key learns the secret of its own webhooks, which is no other key's", async () => {
  const { webhook_secret: own } = await client.read<KeyView>("/keys/me");
  expect(own).toBe(webhookSecret(SECRET, "local"));
  expect(own).toMatch(/^whsec_[\w+/]{43}=$/);
  expect(webhookSecret(SECRET, "bob")).not.toBe(own);
  expect(own).not.toContain(SECRET);
});

test("[webhook.not_configured] without a secret a webhook is refused, and the cure named", async () => {
  await using plain = await startInstallation({ redisUrl: inject("redisUrl") });
  const webhook = { url: "https://example.com/hook" };
  for (const [path, body] of [
    ["/jobs", { ...ECHO, webhook }],
    ["/chat", { message: "hello", webhook }],
  ] as const) {
    const problem = await expectProblem(await plain.api.client.post(path, body), "webhooks_not_configured");
    expect(problem.detail).toContain("WEBHOOK_SECRET");
  }
});

test("[webhook.no_secret] a worker without a secret leaves deliveries to those that have one", async () => {
  await using receiver = await WebhookReceiver.start();
  const webhook = { url: receiver.url("/hook") };
  const { id } = await jobOf(await client.post("/jobs", { ...ECHO, delay_ms: 600_000, webhook }));
  await client.post(`/jobs/${id}/cancel`, {});
  const { environment } = installation;
  await using idle = await startWorker([], environment);
  expect(idle.log.text).toContain("WEBHOOK_SECRET is not set");
  const settings = { WEBHOOK_SECRET: SECRET, WEBHOOK_ALLOW_HOSTS: "127.0.0.1" };
  await using _able = await startWorker([], { ...environment, ...settings });
  await vi.waitFor(async () => {
    const list = await client.read<{ deliveries: Delivery[] }>(`/jobs/${id}/deliveries`);
    expect(list.deliveries).toMatchObject([{ status: "delivered", attempts: [{ status_code: 204 }] }]);
  }, 20_000);
});
