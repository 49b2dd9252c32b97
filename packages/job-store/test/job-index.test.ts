import { expect, test } from "vitest";
import { createInstallation, REQUEST, TENANT } from "./support/test-installation.ts";

test("[store.list.large] bounds a page by its size, and a walk over the pages still meets every job", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const request = { ...REQUEST, arguments: { text: "x".repeat(1_024 * 1_024) } };
  const submitted: string[] = [];
  for (let count = 0; count < 24; count += 1)
    submitted.push((await api.submit({ tenant: TENANT, request: request })).id);

  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await api.list(TENANT, { limit: 200, ...(cursor ? { cursor } : {}) });
    pages.push(page.jobs.map(({ id }) => id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.flat()).toEqual(submitted.toReversed());
});

test("[store.list.expired] fills a page although jobs in between have expired", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id: oldest } = await api.submit({ tenant: TENANT, request: REQUEST });
  for (let count = 0; count < 15; count += 1) {
    const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
    await redis.del(keys.record(id), keys.log(id));
  }
  const page = await api.list(TENANT, { limit: 2 });
  expect(page).toMatchObject({ jobs: [{ id: oldest }], next_cursor: null });
});

test("[store.list.status] a job that has ended since its record was read is not listed as running", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
  await api.cancel(TENANT, id);
  await redis.hset(keys.record(id), "status", "running");
  expect(await api.list(TENANT, { limit: 10, status: "running" })).toEqual({ jobs: [], next_cursor: null });
  expect((await api.list(TENANT, { limit: 10 })).jobs).toMatchObject([{ id, status: "cancelled" }]);
});
