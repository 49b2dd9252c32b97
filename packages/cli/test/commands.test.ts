import { fileURLToPath } from "node:url";
import type { Batch, ChatJob, Job, JobEvent, Server, ToolJob } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { line } from "./support/batch-lines.ts";
import { runHere } from "./support/run-here.ts";
import { runCli, startCli, startCommand } from "./support/start-cli.ts";

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 });

let installation: Installation;
let url: string;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  await installation.api.client.untilConnected(1);
  url = installation.api.url;
});
afterAll(() => installation.close());

/** Runs a command that must go well; its stdout. */
async function output(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(words, url);
  expect(`${code} ${stderr}`).toBe("0 ");
  return stdout;
}

async function json<Value>(...words: string[]): Promise<Value> {
  return JSON.parse(await output(...words, "--json")) as Value;
}

test("[cli.tool] calls a tool with typed arguments and prints its answer alone", async () => {
  const { code, stdout, stderr } = await runCli(["tool", "fixture", "echo", "text=5"], { url });
  expect([code, stdout, stderr]).toEqual([0, "5\n", ""]);
  expect(await output("tool", "fixture", "fixture__add", "a=1", "b=2")).toBe("3\n");
  expect(await output("tool", "fixture", "add", "--json-args", '{"a":1,"b":4}')).toBe("5\n");
});

test("[cli.json] --json prints the job as JSON and nothing else", async () => {
  const job = await json<ToolJob>("tool", "fixture", "echo", "text=hello");
  expect(job).toMatchObject({ status: "completed", result: { content: [{ text: "hello" }] } });
});

test("[cli.exit] a tool that fails is told on stderr, and the exit code is 1", async () => {
  const { code, stdout, stderr } = await runHere(["tool", "fixture", "fail"], url);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^millrace: .*this tool always fails.* \(tool_error, job_\w+\)\n$/);
});

test("[cli.chat] prints the answer alone when it is piped, and takes its message from stdin", async () => {
  const answer = await output("chat", "echo", "text=tea");
  expect(answer).toMatch(/^fixture__echo returned:\ntea\n/);
  const { stdout } = await runCli(["chat", "-", "--server", "fixture"], { url, input: "echo text=tea\n" });
  expect(stdout).toBe(answer);
  const job = await json<ChatJob>("chat", "echo text=more", "--no-tools");
  expect(job.request).toMatchObject({ message: "echo text=more", enable_mcp: false });
});

test("[cli.jobs] lists, shows and watches jobs", async () => {
  const { id } = await json<Job>("tool", "fixture", "echo", "text=watched");
  const table = await output("jobs", "list", "--type", "tool", "--status", "completed", "--limit", "1");
  expect(table).toMatch(
    new RegExp(`^ID +TYPE +STATUS +AGE +WHAT\n${id} +tool +completed +\\d+ s +fixture echo .*watched`),
  );
  expect(await json<Job[]>("jobs", "list", "--limit", "1")).toMatchObject([{ id }]);
  expect(JSON.parse(await output("jobs", "show", id))).toMatchObject({ id });
  expect(await output("jobs", "watch", id)).toBe("watched\n");
  const events = (await output("jobs", "watch", id, "--json")).trimEnd().split("\n");
  expect(events.map((event) => (JSON.parse(event) as JobEvent).type)).toEqual([
    "job.queued",
    "job.started",
    "job.completed",
  ]);
});

test("[cli.jobs] cancels jobs and lets them go on", async () => {
  const { id } = await installation.api.client.submit({
    tool: "wait",
    arguments: { ms: 60_000 },
    delay_ms: 60_000,
  });
  expect(await output("jobs", "cancel", id)).toBe(`${id} has ended: cancelled\n`);
  expect(await output("jobs", "retry", id, "--from", "start")).toBe(`${id} is queued again\n`);
  expect(await json<Job[]>("jobs", "cancel", id)).toMatchObject([{ id }]);
  const failed = await installation.api.client.run({ tool: "fail" });
  expect(await json<string[]>("jobs", "retry", "--error-code", "tool_error", "--type", "tool")).toContain(
    failed.id,
  );
  await installation.api.client.until<Job>(`/jobs/${failed.id}`, ({ status }) => status === "failed");
  expect(await output("jobs", "retry", "--status", "failed")).toContain(`${failed.id} is queued again\n`);
});

test("[cli.jobs.retry] lets go on what has failed of a batch", async () => {
  const { client } = installation.api;
  const response = await client.request("/batches", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: line(0, { tool: "fail" }) + line(1, { tool: "echo" }),
  });
  const { id } = (await response.json()) as Batch;
  await client.until<Batch>(`/batches/${id}`, ({ status }) => status === "completed");
  const failed = await json<Job[]>("jobs", "list", "--batch", id, "--status", "failed");
  expect(failed).toHaveLength(1);
  const retried = await output("jobs", "retry", "--batch", id, "--from", "start");
  expect(retried).toBe(failed.map((job) => `${job.id} is queued again\n`).join(""));
  const { code, stderr } = await runHere(["jobs", "retry"], url);
  expect([code, stderr]).toEqual([2, expect.stringContaining("--batch")]);
});

test("[cli.jobs.each] of several jobs each is told of, also when one is not there", async () => {
  const { id } = await installation.api.client.submit({
    tool: "wait",
    arguments: { ms: 1 },
    delay_ms: 60_000,
  });
  for (const [action, done] of [
    ["cancel", "has ended: cancelled"],
    ["retry", "is queued again"],
  ] as const) {
    const { code, stdout, stderr } = await runHere(["jobs", action, "job_none", id], url);
    expect([code, stdout]).toEqual([2, `${id} ${done}\n`]);
    expect(stderr).toMatch(/^millrace: job_none: .+ \(job_not_found\)\n$/);
  }
  const { code, stdout } = await runHere(["jobs", "cancel", "--json", "job_none", id], url);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject([{ id }]);
});

test("[cli.batches] lists, shows and cancels batches", async () => {
  const response = await installation.api.client.request("/batches", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: line(0, { tool: "wait", arguments: { ms: 60_000 } }),
  });
  const { id } = (await response.json()) as Batch;
  expect((await runHere(["batches", "list", "--limit", "1"], url)).stdout).toMatch(
    new RegExp(`\n${id} +running .* 1 +1 `),
  );
  expect(JSON.parse((await runHere(["batches", "show", id], url)).stdout)).toMatchObject({ id, accepted: 1 });
  expect((await runHere(["batches", "cancel", id], url)).stdout).toBe(`${id} is being cancelled\n`);
  await installation.api.client.until<Batch>(`/batches/${id}`, ({ status }) => status === "cancelled");
});

test("[cli.fleet] tells of servers, tools and workers", async () => {
  expect(await output("servers")).toMatch(/^NAME +STATUS .*\nfixture +connected +stdio +\d+ +1\/1\n$/);
  expect(await json<Server[]>("servers")).toMatchObject([{ name: "fixture" }]);
  expect(await output("tools", "fixture")).toMatch(/\nfixture +echo +text +Returns its text\n/);
  expect(await json<object[]>("tools")).toContainEqual(expect.objectContaining({ name: "fixture__echo" }));
  expect(await output("workers")).toMatch(/\nworker_\w+ .* 1\/1 /);
});

test("[cli.schedules] puts, lists, pauses and deletes schedules", async () => {
  const job = '{"type":"tool","tool":"echo","arguments":{"text":"tick"}}';
  const words = [
    "schedules",
    "put",
    "morning",
    "--cron",
    "0 6 * * *",
    "--time-zone",
    "Europe/Berlin",
    "--job",
    job,
  ];
  expect(JSON.parse(await output(...words))).toMatchObject({ id: "morning", cron: "0 6 * * *" });
  expect(await output("schedules", "list")).toMatch(/\nmorning +0 6 \* \* \* Europe\/Berlin +20/);
  expect(await json<object>("schedules", "pause", "morning")).toMatchObject({ paused: true });
  expect(await output("schedules", "delete", "morning")).toBe("morning is deleted\n");
});

test("[cli.approve] a call that waits is told with the command that approves it", async () => {
  const waiting = startCli(["tool", "fixture", "echo", "text=secret", "--approval", "always"], {
    url,
    input: "",
  });
  await expect.poll(() => waiting.written.stderr, { timeout: 20_000 }).toContain("millrace approve");
  const [, job = "", call = ""] = /millrace approve (\S+) (\S+)/.exec(waiting.written.stderr) ?? [];
  expect(await output("approve", job, call, "--json-args", '{"text":"edited"}')).toBe(
    `${call} is approved\n`,
  );
  expect(await waiting.ended).toMatchObject({ code: 0, stdout: "edited\n" });
});

test("[cli.interrupt] the first Ctrl-C cancels the job, says so, and the exit code is 130", async () => {
  const running = startCli(["tool", "fixture", "wait", "ms=60000"], { url, input: "" });
  const id = await installation.api.client
    .until<{ jobs?: Job[] }>("/jobs?status=running", ({ jobs = [] }) => jobs.length === 1)
    .then(({ jobs = [] }) => jobs[0]?.id ?? "");
  running.child.kill("SIGINT");
  running.child.kill("SIGINT");
  const { code, stderr, stdout } = await running.ended;
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toMatch(new RegExp(`^Cancelling ${id}\\..*\n${id} was cancelled\\.\n$`));
  expect((await installation.api.client.job(id)).status).toBe("cancelled");
});

test("[cli.pipe] a reader that has read enough is no error", async () => {
  // It ends long before anything is written to it.
  const script = `"$0" "$1" tools --json | true`;
  const program = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));
  const { code, stdout, stderr } = await startCommand("sh", ["-c", script, process.execPath, program], {
    url,
    input: "",
  }).ended;
  expect([code, stdout, stderr]).toEqual([0, "", ""]);
});
