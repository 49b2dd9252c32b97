import { expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import type { JobStore } from "../src/job-store.ts";
import { IndexPurge } from "../src/reading/index-purge.ts";
import { EVERY_TENANT } from "../src/reading/viewer.ts";
import { never } from "./support/run-jobs.ts";
import { createInstallation, REQUEST, TENANT, type Installation } from "./support/test-installation.ts";

/** Of a job that has expired long ago. */
const OLD_ID = "job_00000000000000000000000000";

const GUEST = "guest";

const tenantsOf = async ({ redis, keys }: Installation) => (await redis.smembers(keys.tenants)).toSorted();

/** As its jobs leave it when they have expired. */
async function leaveIndex({ redis, keys }: Installation, tenant: string): Promise<void> {
  await redis.zadd(keys.index(tenant), 0, OLD_ID);
  await redis.sadd(keys.tenants, tenant);
}

test("[store.sweep.tenants] forgets a tenant of whom nothing is left, and no other", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
  const upload = await api.batches.open({
    tenant: "batch",
    options: {},
    idempotencyKey: null,
    signal: never,
  });
  await upload.close("cut");
  const { admitted } = keys.line("chat", "line");
  await redis.zadd(admitted, 0, OLD_ID);
  for (const tenant of ["batch", "line", GUEST]) await leaveIndex(installation, tenant);

  const sweeper = installation.createWorker().createSweeper();
  await sweeper.sweep();
  expect(await tenantsOf(installation)).toEqual([TENANT, "batch", "line"]);
  await redis.del(admitted);
  await sweeper.sweep();
  expect(await tenantsOf(installation)).toEqual([TENANT, "batch"]);
  expect((await api.list(EVERY_TENANT, { limit: 10 })).jobs).toMatchObject([{ id }]);
});

test("[store.sweep.tenants.many] goes in few steps through many tenants who have few jobs", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const many = Array.from({ length: 40 }, (_, index) => `guest${index}`);
  await Promise.all(many.map((tenant) => leaveIndex(installation, tenant)));
  await installation.createWorker().createSweeper().sweep();
  expect(await redis.exists(keys.tenants, ...many.map((tenant) => keys.index(tenant)))).toBe(0);
});

const comingBack: Record<string, (api: JobStore) => Promise<unknown>> = {
  "a job": (api) => api.submit({ tenant: GUEST, request: REQUEST }),
  "a batch": (api) => api.batches.open({ tenant: GUEST, options: {}, idempotencyKey: null, signal: never }),
};

test.each(Object.entries(comingBack))(
  "[store.sweep.tenants.back] knows a tenant that comes back with %s just when it is forgotten",
  async (_name, comeBack) => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const api = installation.createApi();
    await leaveIndex(installation, GUEST);
    const forget = redis.millraceForgetTenant.bind(redis);
    const forgetting = vi.spyOn(redis, "millraceForgetTenant").mockImplementation(async (...names) => {
      await comeBack(api);
      return await forget(...names);
    });
    await new IndexPurge(redis, keys, systemClock).step();
    expect(forgetting).toHaveBeenCalledOnce();
    expect(await tenantsOf(installation)).toEqual([GUEST]);
  },
);
