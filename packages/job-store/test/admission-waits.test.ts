import { Admission } from "../src/admission/admission.ts";
import { DEFAULT_LIMITS } from "../src/admission/tenant-limits.ts";
import { expect, onTestFinished, test, vi } from "vitest";
import { JobQueues } from "../src/job-queues.ts";
import { CHAT_DONE, CHAT_REQUEST } from "./support/chat-jobs.ts";
import { approve, askOnce } from "./support/executors.ts";
import { lineState, linesGone } from "./support/line-state.ts";
import { eventTypes, PATIENCE_MS, queueEmpty, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, TENANT } from "./support/test-installation.ts";

/** One chat job at a time. */
const ONE_AT_A_TIME = () => ({ ...DEFAULT_LIMITS, maxRunning: 1 });

test("[store.admission.parked] a parked job takes no place, counts again when it comes back, and is not held up", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, ONE_AT_A_TIME);
  const submit = () => api.submit({ tenant: TENANT, request: CHAT_REQUEST });
  const [first, second] = [await submit(), await submit()];
  expect((await lineState(installation, "chat")).line).toEqual([second.id]);
  startRunner(installation, askOnce);
  await untilStatus(api, first.id, "parked");
  await untilStatus(api, second.id, "parked");
  expect(await api.usage.ofTenant(TENANT)).toEqual({ queued: 0, running: 0 });
  for (const { id } of [first, second]) await approve(api, id);
  for (const { id } of [first, second]) await untilStatus(api, id, "completed");
  await queueEmpty(installation, "chat");
  await linesGone(installation);
});

test("[store.rates.first] the first request of a key that is counted may come together with others", async () => {
  const api = createInstallation().createApi();
  await api.usage.ofTenant(TENANT);
  const [, waitMs] = await Promise.all([
    api.keyed.find(TENANT, "key", CHAT_REQUEST),
    api.requestRates.take(TENANT, 1),
  ]);
  expect(waitMs).toBe(0);
  expect(await api.requestRates.take(TENANT, 1)).toBeGreaterThan(0);
});

test("[store.admission.back] a job that runs again after it was parked keeps new ones of its key out", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, ONE_AT_A_TIME);
  const submit = () => api.submit({ tenant: TENANT, request: CHAT_REQUEST });
  const hold = Promise.withResolvers<void>();
  const first = await submit();
  const starts: string[] = [];
  startRunner(installation, async (execution) => {
    starts.push(execution.jobId);
    const result = await askOnce(execution);
    if (result === CHAT_DONE) await hold.promise;
    return result;
  });
  await untilStatus(api, first.id, "parked");
  await approve(api, first.id);
  const isBack = async () => expect((await lineState(installation, "chat")).admitted).toEqual([first.id]);
  await vi.waitFor(isBack, PATIENCE_MS);
  const second = await submit();
  expect((await lineState(installation, "chat")).line).toEqual([second.id]);
  hold.resolve();
  await untilStatus(api, second.id, "parked");
  expect(starts).toEqual([first.id, first.id, second.id]);
});

test("[store.admission.away] a line knows that a job waits before another worker can bring it back", async () => {
  const installation = createInstallation();
  const api = installation.createApi(600, ONE_AT_A_TIME);
  const lineAtPark = Promise.withResolvers<string[]>();
  const leave = vi.spyOn(Admission.prototype, "leave");
  onTestFinished(() => leave.mockRestore());
  const park = vi.spyOn(JobQueues.prototype, "park");
  onTestFinished(() => park.mockRestore());
  park.mockImplementationOnce(async function (this: JobQueues, ...parameters) {
    expect(leave.mock.settledResults).toMatchObject([{ type: "fulfilled" }]);
    lineAtPark.resolve((await lineState(installation, "chat")).admitted);
    park.mockRestore();
    await this.park(...parameters);
  });
  startRunner(installation, askOnce);
  const { id } = await api.submit({ tenant: TENANT, request: CHAT_REQUEST });
  expect(await lineAtPark.promise).toEqual([]);
  await approve(api, id);
  await untilStatus(api, id, "completed");
});

test("[store.admission.attempts] a job that waits for its next attempt takes no place, and goes before nobody", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi(600, ONE_AT_A_TIME);
  const backoff = { type: "fixed", delay_ms: 600_000 } as const;
  const failing = await api.submit({
    tenant: TENANT,
    request: { ...CHAT_REQUEST, attempts: 2, backoff },
  });
  const next = await api.submit({ tenant: TENANT, request: CHAT_REQUEST });
  startRunner(installation, ({ jobId }) =>
    Promise.resolve(
      jobId === failing.id
        ? {
            status: "failed",
            error: { code: "provider_unavailable", message: "busy", retryable: true },
            result: null,
          }
        : CHAT_DONE,
    ),
  );
  await untilStatus(api, next.id, "completed");
  expect(await eventTypes(api, failing.id)).toEqual(["job.queued", "job.started", "job.retrying"]);
  const priority = await redis.hget(`${keys.queuePrefix("chat")}:chat:${failing.id}`, "priority");
  expect(Number(priority)).toBeGreaterThan(1);
  await api.cancel(TENANT, failing.id);
  await linesGone(installation);
});
