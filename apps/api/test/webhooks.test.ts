import { WebhookPayload, type Delivery, type Job } from "@millrace/contracts";
import { webhookSecret } from "@millrace/service";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { WebhookReceiver, type ReceivedWebhook } from "../../../test/support/webhook-receiver.ts";

const SECRET = "4f2a91c07be35d68a1f0c2e49b7d5836";
const OLD_SECRET = "0d93b6f15c28ea47d1b60f3c82e9a574";
const PATIENCE = { timeout: 20_000, interval: 50 };
const ECHO = { type: "tool", tool: "fixture__echo", arguments: { text: "hello" } };

let installation: Installation;
let client: HttpClient;
let receiver: WebhookReceiver;

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { WEBHOOK_SECRET: SECRET },
    worker: {
      WEBHOOK_SECRET: `${SECRET},${OLD_SECRET}`,
      WEBHOOK_ALLOW_HOSTS: "127.0.0.1",
    },
  });
  ({ client } = installation.api);
  await client.untilConnected(1);
});
afterAll(async () => {
  await installation.close();
  await receiver[Symbol.asyncDispose]();
});

/** Submits a job with a webhook and waits for its end, which waits for no webhook. */
async function runJob(webhook: object, request: object = ECHO): Promise<Job> {
  return await jobOf(await client.post("/jobs", { ...request, webhook }, { prefer: "wait=20" }));
}

async function deliveries(jobId: string): Promise<Delivery[]> {
  return (await client.read<{ deliveries: Delivery[] }>(`/jobs/${jobId}/deliveries`)).deliveries;
}

/** The deliveries of a job, once they are as many and have come so far. */
function untilDeliveries(jobId: string, ...states: Partial<Delivery>[]): Promise<Delivery[]> {
  return vi.waitFor(async () => {
    const found = await deliveries(jobId);
    expect(found).toMatchObject(states);
    return found;
  }, PATIENCE);
}

/** The only delivery of a job, once it has been tried. */
function untilAttempted(jobId: string): Promise<Delivery> {
  return vi.waitFor(async () => {
    const [delivery] = await deliveries(jobId);
    if (!delivery || delivery.attempt_count === 0) throw new Error("not tried yet");
    return delivery;
  }, PATIENCE);
}

function untilReceived(path: string, count: number): Promise<ReceivedWebhook[]> {
  return vi.waitFor(() => {
    const found = receiver.at(path);
    expect(found).toHaveLength(count);
    return found;
  }, PATIENCE);
}

/** Verifies it as its receiver does, and gives what it says. */
function verified({ body, headers }: ReceivedWebhook): WebhookPayload {
  const webhook = new Webhook(webhookSecret(SECRET, "local"));
  webhook.verify(body, headers as Record<string, string>);
  return WebhookPayload.parse(JSON.parse(body));
}

describe.concurrent("webhooks", () => {
  test("[webhook.signed] the end of a job is told, signed as Standard Webhooks, with the job as it ended", async () => {
    const job = await runJob({ url: receiver.url("/signed?token=sekrit") });
    const [webhook] = await untilReceived("/signed?token=sekrit", 1);
    if (!webhook) throw new Error("none came");
    expect(verified(webhook)).toEqual({ type: "job.completed", timestamp: job.finished_at, data: job });
    expect(webhook.headers).toMatchObject({
      "content-type": "application/json",
      "webhook-id": `msg_${job.id}_3`,
    });
    // With the old secret too, so that receivers can change one after the other.
    expect(String(webhook.headers["webhook-signature"]).split(" ")).toHaveLength(2);
    expect(() =>
      new Webhook(webhookSecret(SECRET, "bob")).verify(webhook.body, webhook.headers as never),
    ).toThrow(/signature/i);
    const [delivery] = await untilDeliveries(job.id, { status: "delivered", n: 3, event: "job.completed" });
    expect(delivery?.attempts).toMatchObject([{ status_code: 204, error: null }]);
    expect(delivery?.next_attempt_at).toBeNull();
    // The URL may hold a secret.
    const logs = `${installation.worker?.log.text}${installation.api.log.text}`;
    expect(logs).toContain("Webhook sent");
    expect(logs).not.toContain("sekrit");
  });

  test("[webhook.events] each end is told, and only the events that the webhook names", async () => {
    const failed = await runJob({ url: receiver.url("/failed") }, { type: "tool", tool: "fixture__fail" });
    expect(failed.status).toBe("failed");
    const [told] = await untilReceived("/failed", 1);
    expect(told && verified(told)).toMatchObject({ type: "job.failed", data: { id: failed.id } });

    const later = { ...ECHO, delay_ms: 600_000, webhook: { url: receiver.url("/cancelled") } };
    const queued = await jobOf(await client.post("/jobs", later));
    await client.post(`/jobs/${queued.id}/cancel`, {});
    const [cancelled] = await untilReceived("/cancelled", 1);
    expect(cancelled && verified(cancelled)).toMatchObject({
      type: "job.cancelled",
      data: { id: queued.id },
    });

    const quiet = await runJob({ url: receiver.url("/quiet"), events: ["job.failed"] });
    await untilDeliveries(failed.id, { status: "delivered" });
    expect(await deliveries(quiet.id)).toEqual([]);
    expect(receiver.at("/quiet")).toEqual([]);
  });

  test("[webhook.retry] a receiver that fails gets it again, under the same id", async () => {
    const url = receiver.url("/retry", (response, count) =>
      response.writeHead(count === 1 ? 500 : 200).end("ok"),
    );
    const job = await runJob({ url });
    const [first, second] = await untilReceived("/retry", 2);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.body).toBe(first?.body);
    expect(second && verified(second)).toMatchObject({ data: { id: job.id } });
    const [delivered] = await untilDeliveries(job.id, { status: "delivered", attempt_count: 2 });
    expect(delivered?.attempts).toMatchObject([
      { status_code: 500, error: "answered 500" },
      { status_code: 200, error: null },
    ]);
    expect(delivered?.next_attempt_at).toBeNull();
  });

  test("[webhook.replay] a delivery is sent once more on demand, before its time or after its end", async () => {
    let status = 500;
    const url = receiver.url("/replay", (response) => response.writeHead(status).end());
    const job = await runJob({ url });
    const refused = await untilAttempted(job.id);
    expect(refused.status).toBe("pending");
    expect(refused.next_attempt_at).not.toBeNull();
    status = 204;
    const replay = await client.post(`/jobs/${job.id}/deliveries/3/replay`, {});
    expect(replay.status).toBe(202);
    expect(await replay.json()).toMatchObject({ n: 3, status: "pending" });
    const [delivered] = await untilDeliveries(job.id, { status: "delivered" });
    const attempts = delivered?.attempt_count ?? 0;
    await client.post(`/jobs/${job.id}/deliveries/3/replay`, {});
    await untilDeliveries(job.id, { status: "delivered", attempt_count: attempts + 1 });
    const ids = receiver.at("/replay").map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);

    for (const n of ["4", "0", "x", "1e3"]) {
      const path = `/jobs/${job.id}/deliveries/${n}/replay`;
      await expectProblem(await client.post(path, {}), "delivery_not_found");
    }
    const unknown = `job_${"0".repeat(26)}`;
    await expectProblem(await client.post(`/jobs/${unknown}/deliveries/3/replay`, {}), "job_not_found");
    await expectProblem(await client.get(`/jobs/${unknown}/deliveries`), "job_not_found");
  });

  test("[webhook.gone] a receiver that answers 410 is not asked again, for this job's other events neither", async () => {
    const url = receiver.url("/gone", (response) => response.writeHead(410).end());
    const events = ["approval.requested", "job.completed"];
    const submitted = await client.post("/jobs", { ...ECHO, approval: "always", webhook: { url, events } });
    const { id } = await jobOf(submitted);
    await untilDeliveries(id, { status: "gone", event: "approval.requested", attempt_count: 1 });
    await client.post(`/jobs/${id}/approvals/call_1`, { decision: "approve" });
    const [, ended] = await untilDeliveries(
      id,
      { status: "gone" },
      { status: "gone", event: "job.completed", attempt_count: 0 },
    );
    expect(receiver.at("/gone")).toHaveLength(1);
    // Unless somebody wants it.
    await client.post(`/jobs/${id}/deliveries/${ended?.n}/replay`, {});
    await untilDeliveries(id, { status: "gone" }, { status: "gone", attempt_count: 1 });
    expect(receiver.at("/gone")).toHaveLength(2);
  });

  test("[webhook.approval] a call that waits for its approval is told when the webhook asks for it", async () => {
    const events = ["approval.requested", "job.completed", "job.failed"];
    const webhook = { url: receiver.url("/approval"), events };
    const { id } = await jobOf(await client.post("/jobs", { ...ECHO, approval: "always", webhook }));
    const [asked] = await untilReceived("/approval", 1);
    if (!asked) throw new Error("none came");
    const payload = verified(asked);
    if (payload.type !== "approval.requested") throw new Error(payload.type);
    expect(payload.data).toMatchObject({ job_id: id, tool: "fixture__echo", arguments: ECHO.arguments });
    const decided = await client.post(payload.data.links.approval, { decision: "approve" });
    expect(decided.status).toBe(200);
    const [, ended] = await untilReceived("/approval", 2);
    expect(ended && verified(ended)).toMatchObject({ type: "job.completed", data: { id } });
    await untilDeliveries(id, { status: "delivered" }, { status: "delivered" });
  });

  test("[webhook.redirect] a redirect is not followed, to a private address or anywhere", async () => {
    const elsewhere = receiver.url("/elsewhere");
    for (const [path, location] of [
      ["/to-metadata", "http://169.254.169.254/latest/meta-data/"],
      ["/to-receiver", elsewhere],
    ] as const) {
      const url = receiver.url(path, (response) => response.writeHead(307, { location }).end());
      const job = await runJob({ url });
      const delivery = await untilAttempted(job.id);
      expect(delivery.attempts[0]).toMatchObject({
        status_code: 307,
        error: expect.stringContaining("final URL"),
      });
    }
    expect(receiver.at("/elsewhere")).toEqual([]);
  });

  test("[webhook.private] a private address that the operator has not allowed is not reached", async () => {
    const job = await runJob({ url: `http://localhost:${receiver.port}/private` });
    const delivery = await untilAttempted(job.id);
    expect(delivery.attempts[0]?.status_code).toBeNull();
    expect(delivery.attempts[0]?.error).toContain("WEBHOOK_ALLOW_HOSTS");
    expect(receiver.at("/private")).toEqual([]);
  });

  test("[webhook.silent] a receiver that never answers holds up neither the job nor other webhooks", async () => {
    const url = receiver.url("/silent", () => undefined);
    const silent = await runJob({ url });
    expect(silent.status).toBe("completed");
    await untilReceived("/silent", 1);
    const other = await runJob({ url: receiver.url("/beside-silent") });
    await untilDeliveries(other.id, { status: "delivered" });
    const delivery = await untilAttempted(silent.id);
    expect(delivery.attempts[0]).toMatchObject({ status_code: null, error: "no answer within 10 s" });
  });
});
