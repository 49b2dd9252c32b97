import { Schedule, type SchedulePage } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { KeysFile, secretOf } from "../../../test/support/keys-file.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const PATIENCE = { timeout: 20_000, interval: 100 };
const ECHO = { type: "tool", tool: "fixture__echo", arguments: { text: "hello" } };
const YEARLY = { cron: "0 0 1 1 *", job: ECHO };

let installation: Installation;
let file: KeysFile;
let client: HttpClient;
let bob: HttpClient;

beforeAll(async () => {
  file = await KeysFile.unwatched({ boss: { scopes: ["admin"] } });
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { API_KEYS: "alice:alice-secret,bob:bob-secret", API_KEYS_FILE: file.path },
  });
  client = installation.api.client.as("alice-secret");
  bob = installation.api.client.as("bob-secret");
  await client.untilConnected(1);
});
afterAll(async () => {
  await installation.close();
  await file[Symbol.asyncDispose]();
});

function put(id: string, body: unknown, who = client): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return who.request(`/schedules/${id}`, { method: "PUT", headers, body: JSON.stringify(body) });
}

async function scheduleOf(response: Response, status = 200): Promise<Schedule> {
  const body = (await response.json()) as Schedule;
  expect(response.status, JSON.stringify(body)).toBe(status);
  expect(Schedule.strict().parse(body)).toEqual(body);
  return body;
}

async function untilLast(id: string, last: Partial<Schedule>): Promise<Schedule> {
  return await vi.waitFor(async () => {
    const schedule = await scheduleOf(await client.get(`/schedules/${id}`));
    expect(schedule).toMatchObject(last);
    return schedule;
  }, PATIENCE);
}

async function untilSubmitted(id: string): Promise<void> {
  await untilLast(id, { last_job_id: expect.stringMatching(/^job_/) });
}

test("[schedule.http] a schedule is put, runs, is paused, resumed, listed and deleted", async () => {
  const made = await put("ticking", { interval_ms: 1_000, job: { ...ECHO, metadata: { from: "ticking" } } });
  expect(made.headers.get("location")).toBe("/schedules/ticking");
  const schedule = await scheduleOf(made, 201);
  expect(schedule).toMatchObject({ id: "ticking", paused: false, last_run_at: null, last_job_id: null });
  await untilSubmitted("ticking");
  expect(await scheduleOf(await client.post("/schedules/ticking/pause", {}))).toMatchObject({
    paused: true,
    next_run_at: null,
  });
  const ran = await untilLast("ticking", { last_job_status: "completed", last_error: null });
  const job = await client.job(ran.last_job_id ?? "");
  expect(job).toMatchObject({ metadata: { from: "ticking" }, result: { content: [{ text: "hello" }] } });
  expect(ran.links.last_job).toBe(job.links.self);

  const resumed = await scheduleOf(await client.post("/schedules/ticking/resume", {}));
  expect(resumed.paused).toBe(false);
  expect(Date.parse(resumed.next_run_at ?? "")).toBeGreaterThan(Date.parse(ran.last_run_at ?? ""));

  await scheduleOf(await put("yearly", { ...YEARLY, time_zone: "Europe/Berlin" }), 201);
  const { schedules } = await client.read<SchedulePage>("/schedules");
  expect(schedules.map(({ id }) => id)).toEqual(["ticking", "yearly"]);
  expect(schedules[1]?.next_run_at?.slice(4)).toBe("-12-31T23:00:00.000Z");
  for (const id of ["ticking", "yearly"]) {
    expect((await client.request(`/schedules/${id}`, { method: "DELETE" })).status).toBe(204);
    await expectProblem(await client.get(`/schedules/${id}`), "schedule_not_found");
  }
});

test("[schedule.run_time] server and tool are judged when it runs, and what is wrong is its last error", async () => {
  await scheduleOf(
    await put("wrong", { interval_ms: 1_000, job: { ...ECHO, server: "nowhere", tool: "echo" } }),
    201,
  );
  await untilSubmitted("wrong");
  await client.post("/schedules/wrong/pause", {});
  const schedule = await untilLast("wrong", { last_job_status: "failed" });
  expect(schedule.last_error?.code).toBe("unknown_server");
  expect(schedule.last_error?.message).not.toBe("");
  await client.request("/schedules/wrong", { method: "DELETE" });
});

test("[schedule.put] the same again answers 200 and changes nothing", async () => {
  const first = await scheduleOf(await put("again", YEARLY), 201);
  expect(await scheduleOf(await put("again", YEARLY))).toEqual(first);
  const changed = await scheduleOf(await put("again", { ...YEARLY, paused: true }));
  expect(changed).toMatchObject({ paused: true, next_run_at: null, created_at: first.created_at });
});

test("[schedule.tenant] another key gets 404, and may have a schedule of the same id", async () => {
  await scheduleOf(await put("mine", YEARLY), 201);
  await expectProblem(await bob.get("/schedules/mine"), "schedule_not_found");
  await expectProblem(await bob.post("/schedules/mine/pause", {}), "schedule_not_found");
  await expectProblem(await bob.post("/schedules/mine/resume", {}), "schedule_not_found");
  await expectProblem(await bob.request("/schedules/mine", { method: "DELETE" }), "schedule_not_found");
  expect(await bob.read<SchedulePage>("/schedules")).toEqual({ schedules: [], next_cursor: null });
  await scheduleOf(await put("mine", { ...YEARLY, cron: "0 0 2 2 *" }, bob), 201);
  expect((await scheduleOf(await client.get("/schedules/mine"))).cron).toBe(YEARLY.cron);
});

test("[schedule.admin] an admin sees the schedules of all keys, and pauses, resumes and deletes them by their key", async () => {
  const boss = installation.api.client.as(secretOf("boss"));
  await scheduleOf(await put("shared", YEARLY), 201);
  await scheduleOf(await put("shared", { ...YEARLY, cron: "0 0 3 3 *" }, bob), 201);
  const ids = async (path: string) =>
    (await boss.read<SchedulePage>(path)).schedules
      .filter(({ id }) => id === "shared")
      .map(({ key, links }) => [key, links.self]);
  const ofBob = "/schedules/shared?key=bob";
  expect(await ids("/schedules")).toEqual([
    ["alice", "/schedules/shared?key=alice"],
    ["bob", ofBob],
  ]);
  expect(await ids("/schedules?key=bob")).toEqual([["bob", ofBob]]);
  expect((await scheduleOf(await boss.get(ofBob))).cron).toBe("0 0 3 3 *");
  const paused = await boss.post("/schedules/shared/pause?key=bob", {});
  expect(await scheduleOf(paused)).toMatchObject({ key: "bob", paused: true });
  expect((await scheduleOf(await client.get("/schedules/shared"))).paused).toBe(false);
  expect((await scheduleOf(await boss.post("/schedules/shared/resume?key=bob", {}))).paused).toBe(false);

  await expectProblem(await boss.get("/schedules/shared"), "schedule_not_found");
  await expectProblem(await boss.get("/schedules?key=a:b"), "invalid_query");
  for (const cursor of ["", "shared", "alice/", "/shared", "alice/shared/more", "alice/a:b"]) {
    await expectProblem(await boss.get(`/schedules?cursor=${cursor}`), "invalid_query");
  }
  await expectProblem(await put("shared?key=bob", YEARLY, boss), "invalid_query");
  for (const path of ["/schedules?key=bob", ofBob]) {
    await expectProblem(await client.get(path), "scope_missing");
  }
  expect((await scheduleOf(await bob.get(ofBob))).key).toBe("bob");
  expect((await boss.request(ofBob, { method: "DELETE" })).status).toBe(204);
  expect(await ids("/schedules")).toEqual([["alice", "/schedules/shared?key=alice"]]);
});

const refused: [string, object, string, RegExp][] = [
  ["30 February", { cron: "0 0 30 2 *", job: ECHO }, "cron", /never fires/],
  ["a field out of range", { cron: "0 24 * * *", job: ECHO }, "cron", /0-23/],
  ["no cron expression", { cron: "every morning", job: ECHO }, "cron", /2 fields/],
  ["an unknown time zone", { ...YEARLY, time_zone: "Mars/Olympus" }, "time_zone", /IANA/],
  ["an offset for a time zone", { ...YEARLY, time_zone: "+02:00" }, "time_zone", /IANA/],
  ["neither cron nor interval", { job: ECHO }, "cron", /either cron or interval_ms/],
  ["both of them", { ...YEARLY, interval_ms: 60_000 }, "interval_ms", /not both/],
  [
    "a time zone without cron",
    { interval_ms: 60_000, time_zone: "UTC", job: ECHO },
    "time_zone",
    /cron alone/,
  ],
  ["too short an interval", { interval_ms: 10, job: ECHO }, "interval_ms", /1000/],
  ["no job", { cron: "0 0 1 1 *" }, "job", /./],
  ["a job that is none", { ...YEARLY, job: { type: "tool" } }, "job.tool", /./],
  [
    "a job of more than 256 KiB",
    { ...YEARLY, job: { ...ECHO, arguments: { text: "x".repeat(256 * 1_024) } } },
    "job",
    /262144 bytes .* with a tool/,
  ],
  ["an unknown key", { ...YEARLY, timezone: "UTC" }, "timezone", /unknown key/],
  [
    "a job to go on with",
    { ...YEARLY, job: { type: "chat", message: "x", previous_job_id: `job_${"0".repeat(26)}` } },
    "job.previous_job_id",
    /messages/,
  ],
];

test.each(refused)(
  "[schedule.input] %s is refused with its path and its cure",
  async (_, body, path, message) => {
    const problem = await expectProblem(await put("bad", body), "invalid_request");
    expect(problem.errors).toMatchObject([{ path, message: expect.stringMatching(message) }]);
    await expectProblem(await client.get("/schedules/bad"), "schedule_not_found");
  },
);

test("[schedule.input] an id that cannot be one, and a webhook that nobody could sign, are refused", async () => {
  for (const id of ["a%20b", "x".repeat(65), "a%2Fb", "%C3%A9"]) {
    expect((await expectProblem(await put(id, YEARLY), "invalid_request")).errors).toMatchObject([
      { path: "id" },
    ]);
    await expectProblem(await client.get(`/schedules/${id}`), "schedule_not_found");
  }
  const job = { ...ECHO, webhook: { url: "https://example.com" } };
  const problem = await expectProblem(await put("signed", { ...YEARLY, job }), "webhooks_not_configured");
  expect(problem.errors).toMatchObject([{ path: "job.webhook" }]);
});
