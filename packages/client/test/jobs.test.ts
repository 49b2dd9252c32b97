import type { JobEvent } from "@millrace/contracts";
import { startTcpProxy, type TcpProxy } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { createClient, MillraceConnectionError, MillraceError, type MillraceClient } from "../src/index.ts";
import { collect } from "./support/collect.ts";

const KEY = "client-secret";
const PATIENCE = { timeout: 20_000 };

let installation: Installation;
/** Through a network that can be cut. */
let proxy: TcpProxy;
let client: MillraceClient;

beforeAll(async () => {
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { API_KEYS: `me:${KEY},other:other-secret` },
  });
  await installation.api.client.as(KEY).untilConnected(1);
  proxy = await startTcpProxy({ host: "127.0.0.1", port: installation.api.port });
  client = createClient({ url: `http://127.0.0.1:${proxy.port}`, apiKey: KEY });
});
afterAll(async () => {
  await proxy.close();
  await installation.close();
});

const echo = { type: "tool", tool: "echo", arguments: { text: "hello" } } as const;

/** A tool job that runs for so long. */
function waiting(ms: number) {
  return { type: "tool", tool: "wait", arguments: { ms } } as const;
}

/** A client whose connection breaks after the first request has been answered, so that nobody knows of it. */
function forgetful() {
  let isLost = false;
  return createClient({
    url: installation.api.url,
    apiKey: KEY,
    async fetch(...parameters) {
      const response = await fetch(...parameters);
      if (isLost) return response;
      isLost = true;
      await response.body?.cancel();
      throw new TypeError("terminated");
    },
  });
}

test("[client.submit] a job is submitted, looked up, waited for and listed", async () => {
  const job = await client.jobs.submit({ ...echo, metadata: { run: "one" } });
  expect(job).toMatchObject({ type: "tool", metadata: { run: "one" } });
  const ended = await client.jobs.wait(job.id);
  expect(ended).toMatchObject({
    status: "completed",
    result: { content: [{ type: "text", text: "hello" }] },
  });
  expect(await client.jobs.get(job.id)).toEqual(ended);
  for await (const { id } of client.jobs.list({ type: "tool", status: "completed" })) {
    expect(id).toBe(job.id);
    break;
  }
});

test("[client.submit.once] a submission that nobody knows of is sent again, and makes one job", async () => {
  const before = (await collect(client.jobs.list())).length;
  const job = await forgetful().jobs.run(echo);
  expect(job.status).toBe("completed");
  expect(await collect(client.jobs.list())).toHaveLength(before + 1);
});

test("[client.submit.once] the same idempotency key gives the same job, and another request is refused", async () => {
  const options = { idempotencyKey: "only-one" };
  const { id } = await client.jobs.submit(echo, options);
  expect((await client.jobs.submit(echo, options)).id).toBe(id);
  await expect(client.jobs.submit(waiting(1), options)).rejects.toMatchObject({
    code: "idempotency_mismatch",
  });
});

test("[client.wait] waits through a connection that breaks", async () => {
  const held = client.jobs.run({ ...echo, approval: "always" });
  const { id } = await vi.waitFor(async () => {
    const [job] = await collect(client.jobs.list({ status: "parked" }));
    if (!job) throw new Error("not yet");
    return job;
  }, PATIENCE);
  proxy.cut();
  for await (const event of client.jobs.events(id)) {
    if (event.type === "approval.requested") await client.jobs.approve(id, event.tool_call_id);
  }
  expect(await held).toMatchObject({ id, status: "completed" });
});

test("[client.wait] an abort ends the waiting and not the job", async () => {
  const controller = new AbortController();
  const { id } = await client.jobs.submit(waiting(300));
  const waited = client.jobs.wait(id, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(waited).rejects.toThrow("enough");
  expect((await client.jobs.wait(id)).status).toBe("completed");
});

test("[client.events] events come typed and in order, through connections that break, and end with the job", async () => {
  const { id } = await client.jobs.submit({ ...waiting(600), delay_ms: 200 });
  const events: JobEvent[] = [];
  for await (const event of client.jobs.events(id)) {
    events.push(event);
    proxy.cut();
  }
  expect(events.map((event) => [event.id, event.type])).toEqual([
    [1, "job.queued"],
    [2, "job.started"],
    [3, "job.completed"],
  ]);
  expect(await collect(client.jobs.events(id))).toEqual(events);
  expect(await collect(client.jobs.events(id, { after: 2 }))).toEqual(events.slice(2));
  expect(await collect(client.jobs.events(id, { after: 3 }))).toEqual([]);
  await expect(collect(client.jobs.events(id, { after: 4 }))).rejects.toMatchObject({
    code: "invalid_header",
  });
});

test("[client.list] a long list is read page by page", async () => {
  const pages: string[] = [];
  const other = createClient({
    url: installation.api.url,
    apiKey: "other-secret",
    async fetch(url, init) {
      const shorter = (url as string).replace("limit=200", "limit=2");
      if (shorter.includes("limit=2")) pages.push(shorter);
      return await fetch(shorter, init);
    },
  });
  const submitted = await Promise.all(Array.from({ length: 5 }, () => other.jobs.run(echo)));
  const listed = await collect(other.jobs.list());
  expect(listed.map(({ id }) => id).toSorted()).toEqual(submitted.map(({ id }) => id).toSorted());
  expect(pages).toHaveLength(3);
});

test("[client.cancel] a job is cancelled, and retried", async () => {
  const { id } = await client.jobs.submit(waiting(60_000));
  await client.jobs.cancel(id);
  expect((await client.jobs.wait(id)).status).toBe("cancelled");
  expect(await client.jobs.retry(id, { from: "start" })).toMatchObject({ id, finished_at: null });
  await client.jobs.cancel(id);
  await client.jobs.wait(id);
  await expect(client.jobs.retryMany({})).rejects.toMatchObject({ code: "invalid_request" });

  const failed = await client.jobs.run({ type: "tool", tool: "fail" });
  expect(failed).toMatchObject({ status: "failed", error: { code: "tool_error" } });
  expect(await client.jobs.retryMany({ error_code: "tool_error" })).toEqual([failed.id]);
  expect((await client.jobs.wait(failed.id)).status).toBe("failed");
  expect(await client.jobs.retryMany({ status: "failed", limit: 1 })).toEqual([failed.id]);
  expect((await client.jobs.wait(failed.id)).attempt).toBe(3);
});

test("[client.approve] a call is approved with other arguments, or denied", async () => {
  const asked = async () => {
    const { id } = await client.jobs.submit({ ...echo, approval: "always" });
    for await (const event of client.jobs.events(id)) {
      if (event.type === "approval.requested") return { id, call: event.tool_call_id };
    }
    throw new Error("no approval was asked for");
  };
  const approved = await asked();
  await client.jobs.approve(approved.id, approved.call, { arguments: { text: "edited" } });
  expect(await client.jobs.wait(approved.id)).toMatchObject({ result: { content: [{ text: "edited" }] } });
  const denied = await asked();
  await client.jobs.deny(denied.id, denied.call, { reason: "no" });
  expect(await client.jobs.wait(denied.id)).toMatchObject({ error: { code: "approval_denied" } });
  await expect(client.jobs.approve(denied.id, denied.call)).rejects.toMatchObject({
    code: "approval_not_pending",
  });
});

test("[client.errors] what the api refuses is a MillraceError; no api at all is a connection error", async () => {
  await expect(client.jobs.get("job_nothing")).rejects.toMatchObject({ code: "job_not_found", status: 404 });
  const wrongKey = createClient({ url: installation.api.url, apiKey: "wrong" });
  const refused = await wrongKey.workers().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MillraceError);
  expect(refused).toMatchObject({ code: "unauthorized", requestId: expect.any(String) as string });
  await using nowhere = await startTcpProxy({ host: "127.0.0.1", port: 1 });
  const url = `http://127.0.0.1:${nowhere.port}`;
  const lost = await createClient({ url })
    .health()
    .catch((error: unknown) => error);
  expect(lost).toBeInstanceOf(MillraceConnectionError);
  expect((lost as Error).message).toContain(`${url}/health/ready cannot be reached`);
});

test("[client.key] tells what the key may do, and what it uses", async () => {
  expect(await client.key()).toMatchObject({ name: "me", scopes: ["jobs", "mcp"], use: { running: 0 } });
});

test("[client.deliveries] tells what a job's webhook was told", async () => {
  const { id } = await client.jobs.run(echo);
  expect(await client.jobs.deliveries(id)).toEqual([]);
  await expect(client.jobs.replayDelivery(id, 1)).rejects.toMatchObject({ code: "delivery_not_found" });
});
