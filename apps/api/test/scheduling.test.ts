import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Job } from "@millrace/contracts";
import { eventOf } from "../../../test/support/event-stream-reader.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  // One job at a time, so that the order of the jobs can be seen.
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    worker: { TOOL_CONCURRENCY: "1" },
  });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

const echo = { tool: "echo", arguments: { text: "" } };

async function ended({ id }: Job): Promise<Job> {
  await using stream = await client.events(id);
  await stream.rest();
  return client.job(id);
}

test("[api.jobs.priority] of the jobs that wait, the one with the lowest number goes first", async () => {
  const blocker = await client.submit({ tool: "wait", arguments: { ms: 60_000 } });
  await using stream = await client.events(blocker.id);
  await stream.untilType("job.started");
  const priorities = [10, 5, 0, undefined, 7];
  const submitted = await Promise.all(
    priorities.map((priority) => client.submit({ ...echo, ...(priority === undefined ? {} : { priority }) })),
  );
  expect((await client.post(`/jobs/${blocker.id}/cancel`, {})).status).toBe(202);
  const jobs = await Promise.all(submitted.map(ended));
  const order = jobs
    .toSorted((a, b) => String(a.started_at).localeCompare(String(b.started_at)))
    .map(({ request }) => request.priority ?? 5);
  expect(order).toEqual([0, 5, 5, 7, 10]);
});

test("[api.jobs.delay] a delayed job is queued until it is due, and starts then", async () => {
  const delayed = await client.submit({ ...echo, delay_ms: 3_000 });
  await using stream = await client.events(delayed.id);
  expect(eventOf((await stream.next()) ?? undefined).type).toBe("job.queued");
  // Jobs that come later go before it.
  const later = await client.run(echo);
  expect(later.status).toBe("completed");
  expect(await client.job(delayed.id)).toMatchObject({ status: "queued", started_at: null, worker_id: null });

  await stream.untilType("job.completed");
  const job = await client.job(delayed.id);
  const waited = Date.parse(job.started_at ?? "") - Date.parse(job.created_at);
  expect(waited).toBeGreaterThanOrEqual(2_990);
  expect(waited).toBeLessThan(15_000);
});

test("[api.jobs.timeout] the time of timeout_ms counts from the start, not from the submission", async () => {
  const job = await client.submit({ ...echo, delay_ms: 2_500, timeout_ms: 2_000 });
  expect((await ended(job)).status).toBe("completed");
});

test("[api.jobs.retention] a finished job expires after its own retention, log and all", async () => {
  const kept = await client.run(echo);
  const job = await client.run({ ...echo, retention_seconds: 1 });
  await client.until(`/jobs/${job.id}`, (_body, status) => status === 404);
  await expectProblem(await client.get(`/jobs/${job.id}`), "job_not_found");
  await expectProblem(await client.get(`/jobs/${job.id}/events`), "job_not_found");
  const { jobs } = await client.read<{ jobs: Job[] }>("/jobs");
  const listed = jobs.map(({ id }) => id);
  expect(listed).not.toContain(job.id);
  expect(listed).toContain(kept.id);
});

test("[api.jobs.retention] a job that has not ended does not expire", async () => {
  const job = await client.submit({ ...echo, delay_ms: 1_500, retention_seconds: 1 });
  await using stream = await client.events(job.id);
  expect((await stream.rest()).at(-1)?.event).toBe("job.completed");
});
