import type { JobError } from "@millrace/contracts";
import { expect, test, vi } from "vitest";
import type { ExecutionResult } from "../src/run/job-execution.ts";
import { submitBatch } from "./support/batches.ts";
import { PATIENCE_MS, startRunner, untilStatus } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, TENANT } from "./support/test-installation.ts";

const PERMANENT: JobError = { code: "tool_error", message: "no", retryable: false };
const PASSING: JobError = { code: "provider_unavailable", message: "busy", retryable: true };
const failed = (error: JobError): ExecutionResult => ({ status: "failed", error, result: null });

test("[store.retry.many] retries the jobs that fit a filter, newest first", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const runner = startRunner(
    installation,
    ({ request }) => Promise.resolve(failed(request.metadata?.["error"] === "passing" ? PASSING : PERMANENT)),
    { type: "tool" },
  );
  const ids: string[] = [];
  for (const error of ["passing", "permanent", "passing"]) {
    const { id } = await api.submit({ tenant: TENANT, request: { ...REQUEST, metadata: { error } } });
    await untilStatus(api, id, "failed");
    ids.push(id);
  }
  await runner.close(0);
  const filter = { status: "failed", from: "journal", errorCode: "provider_unavailable" } as const;
  expect(await api.retries.retryMany(TENANT, { ...filter, type: "chat", limit: 10 })).toEqual([]);
  expect(await api.retries.retryMany("bob", { ...filter, limit: 10 })).toEqual([]);
  expect(await api.retries.retryMany(TENANT, { ...filter, limit: 1 })).toEqual([ids[2]]);
  expect(await api.retries.retryMany(TENANT, { ...filter, limit: 10 })).toEqual([ids[0]]);
  expect((await api.list(TENANT, { status: "failed", limit: 10 })).jobs.map(({ id }) => id)).toEqual([
    ids[1],
  ]);
});

test("[store.retry.many.batch] retries what has failed of one batch, and of no other", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startRunner(installation, () => Promise.resolve(failed(PERMANENT)), { type: "tool" });
  const [batchId, other] = [await submitBatch(api, 2), await submitBatch(api, 2)];
  const listed = async (id: string) =>
    (await api.list(TENANT, { batchId: id, status: "failed", limit: 10 })).jobs.map((job) => job.id);
  for (const id of [batchId, other]) {
    await vi.waitFor(async () => expect(await listed(id)).toHaveLength(2), PATIENCE_MS);
  }
  const filter = { status: "failed", batchId, from: "journal", limit: 10 } as const;
  const ids = await listed(batchId);
  expect(await api.retries.retryMany("bob", filter)).toEqual([]);
  expect(await api.retries.retryMany(TENANT, { ...filter, type: "chat" })).toEqual([]);
  expect(await api.retries.retryMany(TENANT, filter)).toEqual(ids);
  for (const id of await listed(other)) expect((await api.find(TENANT, id))?.job.attempt).toBe(1);
});
