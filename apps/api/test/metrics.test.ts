import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { startWorker } from "../../../test/support/test-worker.ts";

/** Of a test, which has real processes to wait for on a machine that may be busy. In milliseconds. */
const TIMEOUT_MS = 120_000;
const PATIENCE = { timeout: 40_000, interval: 200 };

/** On a busy machine more than so many at once are not answered in time. */
const AT_ONCE = 30;

/** More than fit into a key's window, so that some wait in its line. */
const MANY = 130;

const CANCELLED = 'millrace_jobs_finished_total{type="tool",status="cancelled"}';

const echo = { type: "tool", server: "fixture", tool: "echo", arguments: { text: "x" } };
const parts = new AsyncDisposableStack();
let installation: Installation;
let first: HttpClient;
let second: HttpClient;

beforeAll(async () => {
  installation = parts.use(
    await startInstallation({ redisUrl: inject("redisUrl"), api: { API_KEYS: "first:one,second:two" } }),
  );
  first = installation.api.client.as("one");
  second = installation.api.client.as("two");
});
afterAll(() => parts.disposeAsync());

/** Every sample by its name and labels, as Prometheus would read it. */
async function samples(): Promise<Record<string, number>> {
  const response = await first.get("/metrics");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

async function submit(client: HttpClient, count: number, request: object): Promise<string[]> {
  const submitOne = async (): Promise<string> => {
    const response = await client.post("/jobs", request);
    expect(response.status).toBe(202);
    return ((await response.json()) as { id: string }).id;
  };
  const ids: string[] = [];
  while (ids.length < count) {
    const length = Math.min(AT_ONCE, count - ids.length);
    ids.push(...(await Promise.all(Array.from({ length }, submitOne))));
  }
  return ids;
}

test(
  "[api.metrics.queue] [api.metrics.fleet] what waits, runs, is delayed and parked is what was submitted",
  async () => {
    const before = await samples();
    expect(before).toMatchObject({ 'millrace_jobs_waiting{type="tool"}': 0, millrace_workers: 0 });
    const gone = before[CANCELLED] ?? 0;
    const flood = await submit(first, MANY, echo);
    await submit(second, 3, echo);
    await submit(second, 4, { type: "chat", message: "hello", model: "demo" });
    const delayed = await submit(second, 5, { ...echo, delay_ms: 3_600_000 });
    const [cancelled = ""] = flood;
    expect((await first.post(`/jobs/${cancelled}/cancel`, "")).status).toBe(202);
    const waiting = await samples();
    expect(waiting).toMatchObject({
      'millrace_jobs_waiting{type="tool"}': MANY + 3 - 1,
      'millrace_jobs_waiting{type="chat"}': 4,
      'millrace_jobs_delayed{type="tool"}': 5,
      'millrace_jobs_delayed{type="chat"}': 0,
      'millrace_jobs_running{type="tool"}': 0,
      [CANCELLED]: gone + 1,
    });
    expect(waiting['millrace_jobs_oldest_waiting_seconds{type="tool"}']).toBeGreaterThan(0);

    await using worker = await startWorker([fixtureServer()], installation.environment);
    expect(worker.log.lines.length).toBeGreaterThan(0);
    await vi.waitFor(async () => {
      expect(await samples()).toMatchObject({
        'millrace_jobs_waiting{type="tool"}': 0,
        'millrace_jobs_waiting{type="chat"}': 0,
        'millrace_jobs_oldest_waiting_seconds{type="tool"}': 0,
        'millrace_jobs_delayed{type="tool"}': 5,
        'millrace_jobs_finished_total{type="tool",status="completed"}': MANY + 3 - 1,
        'millrace_jobs_finished_total{type="chat",status="completed"}': 4,
        'millrace_job_duration_seconds_count{type="tool"}': MANY + 3 - 1,
        'millrace_job_duration_seconds_bucket{type="tool",le="+Inf"}': MANY + 3 - 1,
        'millrace_job_duration_seconds_count{type="chat"}': 4,
      });
    }, PATIENCE);
    for (const id of delayed) await second.post(`/jobs/${id}/cancel`, "");
    await vi.waitFor(async () => {
      expect(await samples()).toMatchObject({
        'millrace_jobs_delayed{type="tool"}': 0,
        [CANCELLED]: gone + 6,
      });
    }, PATIENCE);

    const [parked] = await submit(first, 1, { ...echo, approval: "always" });
    const [running] = await submit(first, 1, { ...echo, tool: "wait", arguments: { ms: 600_000 } });
    await vi.waitFor(async () => {
      expect(await samples()).toMatchObject({
        millrace_workers: 1,
        'millrace_worker_places{type="tool"}': 50,
        'millrace_worker_places{type="chat"}': 100,
        'millrace_mcp_server_workers{server="fixture"}': 1,
        'millrace_mcp_server_workers_connected{server="fixture"}': 1,
        'millrace_jobs_parked{type="tool"}': 1,
        'millrace_jobs_running{type="tool"}': 1,
        'millrace_jobs_waiting{type="tool"}': 0,
      });
    }, PATIENCE);
    for (const id of [parked, running]) await first.post(`/jobs/${id}/cancel`, "");
    await vi.waitFor(async () => {
      expect(await samples()).toMatchObject({
        'millrace_jobs_parked{type="tool"}': 0,
        'millrace_jobs_running{type="tool"}': 0,
      });
    }, PATIENCE);
  },
  TIMEOUT_MS,
);

test("[api.metrics.streams] counts the streams that clients have open", async () => {
  const [id] = await submit(first, 1, { ...echo, delay_ms: 3_600_000 });
  const leaving = new AbortController();
  const open = Array.from({ length: 3 }, () =>
    first.request(`/jobs/${id}/events`, { signal: leaving.signal }),
  );
  await Promise.all(open);
  await first.request(`/jobs/${id}/events`, { method: "HEAD" });
  expect(await samples()).toMatchObject({ millrace_api_open_streams: 3 });
  leaving.abort();
  await vi.waitFor(async () => {
    expect(await samples()).toMatchObject({ millrace_api_open_streams: 0 });
  }, PATIENCE);
  await first.post(`/jobs/${id}/cancel`, "");
});
