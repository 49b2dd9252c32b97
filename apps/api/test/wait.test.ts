import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectProblem, jobOf, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

function waiting(ms: number, prefer: string): Promise<Response> {
  return client.post("/jobs", { type: "tool", tool: "wait", arguments: { ms } }, { prefer });
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** A job that runs longer than any test. */
async function endlessJob(): Promise<string> {
  const job = await client.submit({ tool: "wait", arguments: { ms: 100_000 } });
  await using stream = await client.events(job.id);
  await stream.untilType("job.started");
  return job.id;
}

test("[api.jobs.prefer_wait] answers 200 with the finished job when it ends in time", async () => {
  const response = await waiting(50, "wait=20");
  expect(response.status).toBe(200);
  expect(response.headers.get("preference-applied")).toBe("wait=20");
  const job = await jobOf(response);
  expect(job.status).toBe("completed");
  expect(response.headers.get("location")).toBe(job.links.self);
});

test("[api.jobs.prefer_wait] answers 200 also when the job has failed", async () => {
  const response = await client.post("/jobs", { type: "tool", tool: "fail" }, { prefer: "wait=20" });
  expect(response.status).toBe(200);
  expect((await jobOf(response)).status).toBe("failed");
});

test("[api.jobs.prefer_wait] answers 202 with the job as it is then when it does not end in time", async () => {
  const response = await waiting(100_000, "wait=2");
  expect(response.status).toBe(202);
  expect(response.headers.get("preference-applied")).toBe("wait=2");
  const job = await jobOf(response);
  expect(job).toMatchObject({ status: "running", finished_at: null });
  expect(response.headers.get("location")).toBe(job.links.self);
});

test("[api.jobs.prefer_wait] wait=0 does not wait", async () => {
  expect((await waiting(100_000, "wait=0")).status).toBe(202);
});

test.for([
  "respond-async, wait=20",
  'wait="20"',
  "WAIT = 20",
  "wait=20; because=slow",
  "handling=lenient,wait=20",
])("[api.jobs.prefer_wait] understands Prefer: %s", async (prefer) => {
  const response = await waiting(0, prefer);
  expect(response.status).toBe(200);
  expect(response.headers.get("preference-applied")).toBe("wait=20");
});

test("[api.jobs.prefer_wait] ignores preferences that it does not know", async () => {
  const response = await waiting(0, "respond-async, return=minimal");
  expect(response.status).toBe(202);
  expect(response.headers.get("preference-applied")).toBeNull();
});

test.for(["wait=61", "wait=-1", "wait=1.5", "wait=abc", "wait=", "wait", "wait=999999999999"])(
  "[api.jobs.prefer_wait.bad] refuses Prefer: %s",
  async (prefer) => {
    const problem = await expectProblem(await waiting(0, prefer), "invalid_header");
    expect(problem.errors).toEqual([
      { path: "Prefer", message: "wait must be a whole number of seconds from 0 to 60" },
    ]);
  },
);

test("[api.jobs.prefer_wait.bad] a refused request submits nothing", async () => {
  const before = await client.newestJobId();
  await waiting(0, "wait=soon");
  expect(await client.newestJobId()).toBe(before);
});

test("[api.jobs.long_poll] ?wait answers as soon as the job has ended", async () => {
  const { id } = await client.submit({ tool: "wait", arguments: { ms: 300 } });
  const response = await client.get(`/jobs/${id}?wait=20`);
  expect(response.status).toBe(200);
  expect((await jobOf(response)).status).toBe("completed");
});

test("[api.jobs.long_poll] ?wait answers at once for a job that has ended", async () => {
  const { id } = await client.run({ tool: "echo", arguments: { text: "" } });
  expect(await milliseconds(() => client.get(`/jobs/${id}?wait=20`))).toBeLessThan(2_000);
});

test("[api.jobs.long_poll] ?wait answers 200 with the running job when the time is over", async () => {
  const id = await endlessJob();
  const elapsed = await milliseconds(async () => {
    const response = await client.get(`/jobs/${id}?wait=1`);
    expect(response.status).toBe(200);
    expect((await jobOf(response)).status).toBe("running");
  });
  expect(elapsed).toBeGreaterThan(990);
  expect(elapsed).toBeLessThan(5_000);
});

test("[api.jobs.long_poll] a wait may take longer than Redis may take to answer", async () => {
  const { id } = await client.submit({ tool: "wait", arguments: { ms: 2_500 } });
  const [looked, submitted] = await Promise.all([
    client.get(`/jobs/${id}?wait=20`),
    waiting(2_500, "wait=20"),
  ]);
  expect((await jobOf(looked)).status).toBe("completed");
  expect((await jobOf(submitted)).status).toBe("completed");
});

test("[api.jobs.long_poll] several clients may wait for the same job", async () => {
  const { id } = await client.submit({ tool: "wait", arguments: { ms: 300 } });
  const responses = await Promise.all([1, 2, 3].map(() => client.get(`/jobs/${id}?wait=20`)));
  const jobs = await Promise.all(responses.map(jobOf));
  expect(jobs.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
});

test.for(["61", "-1", "1.5", "abc", "", "1&wait=2"])(
  "[api.jobs.long_poll.bad] refuses ?wait=%s",
  async (wait) => {
    const { id } = await client.submit({ tool: "echo", arguments: { text: "" } });
    const problem = await expectProblem(await client.get(`/jobs/${id}?wait=${wait}`), "invalid_query");
    expect(problem.errors?.[0]?.path).toBe("wait");
  },
);
