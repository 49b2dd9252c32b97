import { JobEvent } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventOf, EventStreamReader, type Frame } from "../../../test/support/event-stream-reader.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
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

const echo = { tool: "echo", arguments: { text: "ünïcode \n\n line \r\n data: x \u2028 \ud800" } };

async function replay(jobId: string, headers: Record<string, string> = {}, query = ""): Promise<Frame[]> {
  await using stream = await client.events(jobId, headers, query);
  return await stream.rest();
}

test("[api.events.frames] a frame has the id, the type and the event, and ids have no gaps", async () => {
  const { id } = await client.run(echo);
  await using stream = await client.events(id);
  const frames = await stream.rest();
  expect(frames.map((frame) => frame.id)).toEqual(["1", "2", "3"]);
  for (const frame of frames) {
    const event: unknown = JSON.parse(frame.data);
    expect(JobEvent.parse(event)).toEqual(event);
    expect(event).toMatchObject({ id: Number(frame.id), type: frame.event, attempt: 1 });
  }
  expect(frames.map(({ event }) => event)).toEqual(["job.queued", "job.started", "job.completed"]);
  expect(stream.retries).toEqual(["1000"]);
});

test("[api.events.frames] the events tell the request, the worker and the finished job", async () => {
  const job = await client.run(echo);
  const [queued, started, completed] = (await replay(job.id)).map(eventOf);
  expect(queued).toMatchObject({ time: job.created_at, request: job.request });
  expect(started).toMatchObject({ time: job.started_at, worker_id: job.worker_id });
  expect(completed).toEqual({ id: 3, type: "job.completed", time: job.finished_at, attempt: 1, job });
});

test("[api.events.headers] a stream is not to be stored or buffered on its way", async () => {
  const { id } = await client.run(echo);
  await using stream = await client.events(id);
  const { headers } = stream.response;
  expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("x-accel-buffering")).toBe("no");
  expect(headers.get("content-encoding")).toBeNull();
  await stream.rest();
});

test("[api.events.resume] a reader that comes back with its last id gets what comes after it", async () => {
  const { id } = await client.run(echo);
  const whole = await replay(id);
  for (const last of [0, 1, 2]) {
    expect(await replay(id, { "last-event-id": `${last}` }), `after ${last}`).toEqual(whole.slice(last));
    expect(await replay(id, {}, `?after=${last}`), `after ${last}`).toEqual(whole.slice(last));
  }
});

test("[api.events.resume] Last-Event-ID, which a browser sends by itself, goes before ?after", async () => {
  const { id } = await client.run(echo);
  const frames = await replay(id, { "last-event-id": "2" }, "?after=0");
  expect(frames.map((frame) => frame.id)).toEqual(["3"]);
});

test("[api.events.resume] an empty Last-Event-ID counts as none", async () => {
  const { id } = await client.run(echo);
  expect(await replay(id, { "last-event-id": "" })).toHaveLength(3);
});

test("[api.events.ended] after the terminal event there is nothing more: 204, so that a browser stops", async () => {
  const { id } = await client.run(echo);
  for (const [headers, query] of [
    [{ "last-event-id": "3" }, ""],
    [{}, "?after=3"],
  ] as const) {
    const response = await client.get(`/jobs/${id}/events${query}`, headers);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
  }
});

test.for(["nonsense", "-1", "1.5", "2, 3", "99999999999999", "0x1", "null"])(
  "[api.events.bad_id] refuses the Last-Event-ID %s",
  async (value) => {
    const { id } = await client.submit(echo);
    const response = await client.get(`/jobs/${id}/events`, { "last-event-id": value });
    const problem = await expectProblem(response, "invalid_header");
    expect(problem.errors?.[0]?.path).toBe("Last-Event-ID");
  },
);

test("[api.events.bad_id] refuses ids past the end, and says where the end is", async () => {
  const { id } = await client.run(echo);
  const header = await client.get(`/jobs/${id}/events`, { "last-event-id": "4" });
  expect((await expectProblem(header, "invalid_header")).detail).toContain("whose id is 3");
  const empty = { "last-event-id": "" };
  const query = await expectProblem(await client.get(`/jobs/${id}/events?after=4`, empty), "invalid_query");
  expect(query.errors?.[0]?.path).toBe("after");
});

test.for(["after=x", "after=-1", "after=", "limit=0", "limit=501", "limit=x", "from=1"])(
  "[api.events.bad_id] refuses ?%s",
  async (query) => {
    const { id } = await client.submit(echo);
    const problem = await expectProblem(await client.get(`/jobs/${id}/events?${query}`), "invalid_query");
    expect(problem.errors?.map(({ path }) => path)).toEqual([query.split("=")[0]]);
  },
);

test("[api.events.live] a stream that was opened before the job ran sees everything, live", async () => {
  const job = await client.submit({ tool: "wait", arguments: { ms: 60_000 }, delay_ms: 300 });
  await using stream = await client.events(job.id);
  expect((await stream.next())?.event).toBe("job.queued");
  expect((await stream.next())?.event).toBe("job.started");
  // It runs until it is cancelled, and that event comes to the open stream.
  expect((await client.job(job.id)).status).toBe("running");
  await client.post(`/jobs/${job.id}/cancel`, {});
  expect((await stream.next())?.event).toBe("job.cancelled");
  expect(await stream.next()).toBeNull();
});

test("[api.events.expired] a stream ends when the retention of its job is over", async () => {
  const { prefix, redis } = installation;
  const job = await client.submit({ ...echo, delay_ms: 3_600_000 });
  await using stream = await client.events(job.id);
  expect((await stream.next())?.event).toBe("job.queued");
  await redis.del(`${prefix}:{${job.id}}`, `${prefix}:{${job.id}}:log`);
  // An event that the reader has missed, and looks for in the log.
  await redis.publish(`${prefix}:{${job.id}}:events`, "3");
  expect(await stream.next()).toBeNull();
  await expectProblem(await client.get(`/jobs/${job.id}/events`), "job_not_found");
});

test("[api.events.gapless] many streams from the beginning: every event once and in order", async () => {
  const text = "x".repeat(20_000);
  const request = { type: "tool", tool: "echo", arguments: { text } };
  const ids = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const response = await client.post("/jobs", request, { accept: "text/event-stream" });
      await using stream = new EventStreamReader(response);
      const frames = await stream.rest();
      return frames.map(({ id }) => id).join(",");
    }),
  );
  expect([...new Set(ids)]).toEqual(["1,2,3"]);
});

test("[api.events.gapless] many streams that join while their job runs: every event once and in order", async () => {
  const ids = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const job = await client.submit({ tool: "wait", arguments: { ms: index % 7 } });
      const frames = await replay(job.id);
      return frames.map(({ id }) => id).join(",");
    }),
  );
  expect([...new Set(ids)]).toEqual(["1,2,3"]);
});

test("[api.events.same_bytes] an event reads the same byte for byte on every read", async () => {
  const request = { ...echo, metadata: { z: "1", a: "2", 3: "4" }, priority: 3 };
  const accept = { accept: "text/event-stream" };
  await using submitting = new EventStreamReader(
    await client.post("/jobs", { type: "tool", ...request, delay_ms: 200 }, accept),
  );
  const first = await submitting.next();
  const { location } = Object.fromEntries(submitting.response.headers);
  const id = location?.split("/").at(-1) ?? "";
  await using joined = await client.events(id, { "last-event-id": "1" });
  const live = [first, ...(await submitting.rest())];

  expect(live).toHaveLength(3);
  expect(await joined.rest()).toEqual(live.slice(1));
  expect(await replay(id)).toEqual(live);
  expect(await replay(id, { "last-event-id": "2" })).toEqual(live.slice(2));
  const json = await client.get(`/jobs/${id}/events`, { accept: "application/json" });
  const data = live.map((frame) => frame?.data).join(",");
  expect(await json.text()).toBe(`{"events":[${data}],"next_cursor":null}`);
});

test("[api.events.page] a JSON page has the events, and the cursor of the next one", async () => {
  const { id } = await client.run(echo);
  const read = async (query: string): Promise<unknown> => {
    const response = await client.get(`/jobs/${id}/events${query}`, { accept: "application/json" });
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    return await response.json();
  };
  const events = (await replay(id)).map(eventOf);
  expect(await read("")).toEqual({ events, next_cursor: null });
  expect(await read("?limit=2")).toEqual({ events: events.slice(0, 2), next_cursor: "2" });
  expect(await read("?limit=2&after=2")).toEqual({ events: events.slice(2), next_cursor: null });
  expect(await read("?after=3")).toEqual({ events: [], next_cursor: null });
});
