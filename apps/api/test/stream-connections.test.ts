import { request as httpRequest } from "node:http";
import { once } from "node:events";
import type { JobPage } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { apiConnections, followedJobs, untilFollowed } from "../../../test/support/redis-clients.ts";

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

const followed = () => followedJobs(installation.redis, installation.prefix);
const until = (count: number) => untilFollowed(installation.redis, installation.prefix, count);

/** A job that runs until it is cancelled. */
async function running(): Promise<string> {
  const job = await client.submit({ tool: "wait", arguments: { ms: 60_000 } });
  await using stream = await client.events(job.id);
  await stream.untilType("job.started");
  return job.id;
}

/** A job that nobody has cancelled before. */
async function cancel(id: string): Promise<void> {
  expect((await client.post(`/jobs/${id}/cancel`, {})).status).toBe(202);
}

test("[api.events.one_subscriber] all streams share one subscriber connection", async () => {
  const jobs = await Promise.all([running(), running(), running()]);
  await until(0);
  const streams = await Promise.all([...jobs, ...jobs, ...jobs].map((id) => client.events(id)));
  await Promise.all(streams.map((stream) => stream.untilType("job.started")));

  const { prefix, redis } = installation;
  expect(await apiConnections(redis, prefix)).toEqual([`${prefix}:api`, `${prefix}:api:events`]);
  expect(await followed()).toBe(jobs.length);

  await Promise.all(jobs.map(cancel));
  const rests = await Promise.all(streams.map((stream) => stream.rest()));
  expect(rests.map((frames) => frames.map(({ event }) => event))).toEqual(
    streams.map(() => ["job.cancelled"]),
  );
  await until(0);
});

test("[api.events.close] closing a stream cancels nothing and gives its subscription back", async () => {
  const id = await running();
  {
    await using stream = await client.events(id);
    await stream.untilType("job.started");
    expect(await followed()).toBe(1);
  }
  await until(0);
  expect((await client.job(id)).status).toBe("running");
  await cancel(id);
});

test("[api.events.close] a client that hangs up while it waits gives its subscription back", async () => {
  const id = await running();
  await until(0);
  const hangUp = new AbortController();
  const waiting = client.request(`/jobs/${id}?wait=20`, { signal: hangUp.signal });
  await until(1);
  hangUp.abort();
  await expect(waiting).rejects.toThrow("aborted");
  await until(0);
  expect((await client.job(id)).status).toBe("running");
  await cancel(id);
});

test("[api.events.close] a client that submits, waits and hangs up leaves its job running", async () => {
  const hangUp = new AbortController();
  const submitting = client.request("/jobs", {
    method: "POST",
    headers: { "content-type": "application/json", prefer: "wait=20" },
    body: JSON.stringify({ type: "tool", tool: "wait", arguments: { ms: 4_000 }, metadata: { hung: "up" } }),
    signal: hangUp.signal,
  });
  const { jobs } = await client.until<JobPage>(
    "/jobs?limit=1",
    (page) => page.jobs[0]?.metadata["hung"] === "up",
  );
  hangUp.abort();
  await expect(submitting).rejects.toThrow("aborted");
  const response = await client.get(`/jobs/${jobs[0]?.id}?wait=20`);
  expect(await response.json()).toMatchObject({ status: "completed" });
});

test("[api.events.head] HEAD on a stream answers its headers and keeps nothing open", async () => {
  const id = await running();
  await until(0);
  const response = await client.request(`/jobs/${id}/events`, { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(await followed()).toBe(0);
  await cancel(id);
});

test("[api.events.slow_reader] a reader that takes nothing does not hold the others up", async () => {
  const id = await running();
  const request = httpRequest(`${client.url}/jobs/${id}/events`);
  request.end();
  // Its answer is never read.
  const [response] = (await once(request, "response")) as [NodeJS.ReadableStream];
  response.pause();
  await using stream = await client.events(id);
  await stream.untilType("job.started");
  await cancel(id);
  expect((await stream.rest()).at(-1)?.event).toBe("job.cancelled");
  request.destroy();
  await until(0);
});
