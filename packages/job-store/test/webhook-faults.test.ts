import { expect, test, vi } from "vitest";
import type { Logger } from "../src/logger.ts";
import { PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, silentLogger, TENANT } from "./support/test-installation.ts";
import { submitJob } from "./support/webhooks.ts";

const AWAY = { statusCode: 503, error: "it is away" };

test("[webhook.fault] a delivery that fails for a fault of the worker's is logged and tried again, and what a receiver refuses is not logged as one", async () => {
  const installation = createInstallation();
  const warn = vi.fn<Logger["warn"]>();
  const worker = installation.createWorker({ logger: { ...silentLogger, warn } });
  let sent = 0;
  const runner = worker.createWebhookRunner(() => {
    sent += 1;
    return sent === 1 ? Promise.reject(new Error("no more sockets")) : Promise.resolve(AWAY);
  });
  installation.onRelease(() => runner.close());
  const api = installation.createApi();
  const jobId = await submitJob(api);
  await api.cancel(TENANT, jobId);
  await installation.createWorker().createSweeper().sweep();
  runner.start();
  await vi.waitFor(async () => {
    expect(await api.deliveries.list(TENANT, jobId)).toMatchObject([{ attempts: [{ status_code: 503 }] }]);
  }, PATIENCE_MS);
  await runner.close();
  expect(warn.mock.calls.filter(([, message]) => message.startsWith("Webhook"))).toEqual([
    [{ job_id: jobId, delivery: 2, reason: "no more sockets" }, "Webhook not sent; trying again"],
  ]);
});
