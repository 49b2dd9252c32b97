import { JobPage } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const COUNT = 23;

let installation: Installation;
let client: HttpClient;
/** Newest first: completed, failed and queued ones in turn. */
const ids: string[] = [];

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = installation.api.client;
  await client.untilConnected(1);
  const kinds = [{ tool: "stats" }, { tool: "fail" }, { tool: "stats", delay_ms: 3_600_000 }];
  for (let index = 0; index < COUNT; index += 1) {
    const { id } = await client.submit({ ...kinds[index % kinds.length] });
    ids.unshift(id);
  }
  await client.until<JobPage>(
    "/jobs",
    ({ jobs }) => jobs.filter(({ finished_at }) => finished_at !== null).length === 16,
  );
});
afterAll(() => installation.close());

async function page(query: string): Promise<JobPage> {
  const body = await client.read(`/jobs?${query}`);
  expect(JobPage.strict().parse(body)).toEqual(body);
  return body as JobPage;
}

/** Follows the cursors from the first page to the last. */
async function pages(query: string): Promise<JobPage[]> {
  const all = [await page(query)];
  for (let cursor = all[0]?.next_cursor; cursor; cursor = all.at(-1)?.next_cursor) {
    all.push(await page(`${query}&cursor=${cursor}`));
  }
  return all;
}

function idsOf(list: JobPage[]): string[] {
  return list.flatMap(({ jobs }) => jobs.map(({ id }) => id));
}

test("[api.jobs.list] lists the newest first", async () => {
  const { jobs, next_cursor } = await page("");
  expect(jobs.map(({ id }) => id)).toEqual(ids);
  expect(next_cursor).toBeNull();
  const times = jobs.map(({ created_at }) => created_at);
  expect(times.toSorted().toReversed()).toEqual(times);
});

test.for([1, 5, COUNT - 1, COUNT, COUNT + 1])(
  "[api.jobs.list.pages] pages of %i hold every job once",
  async (limit) => {
    const all = await pages(`limit=${limit}`);
    expect(idsOf(all)).toEqual(ids);
    expect(all).toHaveLength(Math.ceil(COUNT / limit));
    expect(all.at(-1)?.next_cursor).toBeNull();
  },
);

test("[api.jobs.list.pages] a walk is not disturbed by jobs that are submitted meanwhile", async () => {
  const first = await page("limit=10");
  const { id } = await client.run({ tool: "echo", arguments: { text: "meanwhile" } });
  const second = await page(`limit=200&cursor=${first.next_cursor}`);
  expect(idsOf([first, second]).filter((listed) => ids.includes(listed))).toEqual(ids);
  expect(idsOf([first, second])).not.toContain(id);
  expect(idsOf([await page("limit=1")])).toEqual([id]);
  ids.unshift(id);
});

test.for([
  ["completed", 0],
  ["failed", 1],
  ["queued", 2],
] as const)("[api.jobs.list.filter] status=%s finds those jobs and no others", async ([status]) => {
  const all = await pages("limit=200");
  const expected = all.flatMap(({ jobs }) => jobs.filter((job) => job.status === status));
  expect(expected.length).toBeGreaterThan(5);
  for (const limit of [1, 3, 200]) {
    const found = await pages(`status=${status}&limit=${limit}`);
    expect(found.flatMap(({ jobs }) => jobs)).toEqual(expected);
    expect(found.every(({ jobs }) => jobs.length <= limit)).toBe(true);
  }
});

test("[api.jobs.list.filter] statuses that no job has, and batches, find nothing", async () => {
  for (const query of ["status=running", "status=parked", "status=cancelled", "batch_id=batch_1"]) {
    expect(await page(query), query).toEqual({ jobs: [], next_cursor: null });
  }
});

test("[api.jobs.list.filter] filters combine", async () => {
  const combined = await pages("status=failed&type=tool&limit=4");
  expect(idsOf(combined)).toEqual(idsOf(await pages("status=failed&limit=200")));
});

test.for([
  ["status", "done"],
  ["status", ""],
  ["type", "chore"],
  ["batch_id", ""],
  ["limit", "0"],
  ["limit", "201"],
  ["limit", "-1"],
  ["limit", "ten"],
  ["limit", "1e1"],
  ["cursor", "job_1"],
  ["cursor", "%2B"],
  ["cursor", ""],
  ["page", "2"],
] as const)("[api.jobs.list.bad] refuses ?%s=%s", async ([name, value]) => {
  const problem = await expectProblem(await client.get(`/jobs?${name}=${value}`), "invalid_query");
  expect(problem.errors?.map(({ path }) => path)).toEqual([name]);
  expect(problem.detail).toContain(name);
});

test("[api.jobs.list.bad] names every value that is wrong at once", async () => {
  const problem = await expectProblem(await client.get("/jobs?limit=x&status=y&z=1"), "invalid_query");
  expect(problem.errors?.map(({ path }) => path).toSorted()).toEqual(["limit", "status", "z"]);
});

test.for([
  "job_01arz3ndektsv4rrffq69g5fav",
  "job_",
  "nonsense",
  "job_01ARZ3NDEKTSV4RRFFQ69G5FAV",
  "%7Bindex%7D:local",
  "..%2F..",
  "%00",
  "%E0%A4%A",
  "a".repeat(2_000),
])("[api.jobs.not_found] answers 404 for the id %s", async (id) => {
  for (const path of [`/jobs/${id}`, `/jobs/${id}?wait=1`, `/jobs/${id}/events`]) {
    const problem = await expectProblem(await client.get(path), "job_not_found");
    expect(problem.detail.length).toBeLessThan(300);
  }
});
