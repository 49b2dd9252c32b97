import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "@millrace/contracts";
import { FIXTURE_STDIO_PROGRAM } from "@millrace/testing";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import type { HttpClient } from "./support/http-client.ts";
import { deleteKeys, newPrefix } from "./support/installation.ts";
import { listening, logged, startProgram, type Program } from "./support/program.ts";
import { untilFollowed } from "./support/redis-clients.ts";

const REDIS_URL = inject("redisUrl");

let redis: Redis;
let folder: string;
let environment: Record<string, string>;

beforeAll(async () => {
  redis = new Redis(REDIS_URL);
  folder = await mkdtemp(join(tmpdir(), "millrace-smoke-"));
});
beforeEach(() => {
  const prefix = newPrefix();
  environment = { REDIS_URL, REDIS_KEY_PREFIX: prefix, PORT: "0" };
  return () => deleteKeys(redis, prefix);
});
afterAll(async () => {
  await redis.quit();
  await rm(folder, { recursive: true });
});

async function configFile(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const takesJobs = (worker: Program) => logged(worker, ({ msg }) => msg === "Taking jobs");

/** A job that is not due before the test has ended. */
async function submitLater(client: HttpClient): Promise<string> {
  const { id } = await client.submit({ server: "everything", tool: "get-env", delay_ms: 60_000 });
  return id;
}

/** The processes that this one has started, and those that they have started. */
function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: statusOf(Number(name))?.parent }));
  const children = parents.filter(({ parent }) => parent === pid).map((child) => child.pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Null when there is no such process, or nothing of it but its exit code. */
function statusOf(pid: number): { parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? null : { parent: Number(parent) };
  } catch {
    return null;
  }
}

test.skipIf(process.platform !== "linux")(
  "[smoke.tool_job] the real processes run a job on the default servers, stop cleanly and leave nothing",
  async () => {
    await using api = startProgram("api", environment);
    await using worker = startProgram("worker", { ...environment, PWD: folder });
    const client = await listening(api);
    await takesJobs(worker);
    await client.untilConnected(3);
    expect(await client.read("/health/ready")).toMatchObject({ status: "ready", redis: true, workers: 1 });
    const job = await client.run({
      server: "filesystem",
      tool: "read_text_file",
      arguments: { path: "welcome.txt" },
    });
    expect(job).toMatchObject({ status: "completed", error: null });
    expect(JSON.stringify(job.result?.content)).toContain("Welcome to Millrace.");
    expect(await logged(worker, ({ job_id }) => job_id === job.id)).toMatchObject({ status: "completed" });

    const started = descendants(worker.pid);
    expect(started.length).toBeGreaterThanOrEqual(3);
    const [streamed, awaited] = await Promise.all([submitLater(client), submitLater(client)]);
    await using stream = await client.events(streamed);
    await stream.next();
    const waiting = client.get(`/jobs/${awaited}?wait=60`);
    // The stream's job and the other one: so the request that waits has arrived.
    await untilFollowed(redis, environment["REDIS_KEY_PREFIX"] ?? "", 2);
    expect(await Promise.all([api.stop(), worker.stop()])).toEqual([0, 0]);
    // Streams and waits end early, but whole.
    expect(await stream.rest()).toEqual([]);
    expect(await (await waiting).json()).toMatchObject({ id: awaited, status: "queued" });
    expect(started.filter((pid) => statusOf(pid) !== null)).toEqual([]);
    expect(worker.log.lines.at(-1)?.msg).toBe("Stopped");
    expect(worker.errors.text + api.errors.text).toBe("");
  },
);

test("[api.config.keys] once the real api has read its keys, their secrets are not in its environment", async () => {
  const atExit = "process.on('exit',()=>console.log(JSON.stringify({left:process.env.API_KEYS||null})))";
  await using api = startProgram("api", {
    ...environment,
    API_KEYS: "me:my-secret",
    NODE_OPTIONS: `--import=data:text/javascript,${atExit}`,
  });
  await listening(api);
  expect(await api.stop()).toBe(0);
  expect(api.log.lines.at(-1)).toMatchObject({ left: null });
});

test("[smoke.port_in_use] a port that is in use ends the api with a message that names the cure", async () => {
  await using first = startProgram("api", environment);
  const { port } = new URL((await listening(first)).url);
  await using second = startProgram("api", { ...environment, PORT: port });
  expect(await second.ended).toBe(1);
  expect(second.log.text).toContain(`Port ${port} on 127.0.0.1 is in use`);
  expect(second.log.text).toContain("set PORT");
  // Nothing else is wrong: the connection to Redis was given up while it was being made.
  expect(second.log.text).not.toContain("REDIS_URL");
});

test.for(["api", "worker"] as const)(
  "[smoke.environment] the %s needs REDIS_URL, and says so",
  async (app) => {
    await using program = startProgram(app, {});
    expect(await program.ended).toBe(1);
    expect(program.errors.text).toContain("REDIS_URL: is required");
    expect(program.errors.text).toContain("npm start");
  },
);

test("[smoke.environment] wrong values are reported together", async () => {
  const shared = { REDIS_URL: "http://localhost", REDIS_KEY_PREFIX: "a b", LOG_LEVEL: "loud" };
  await using api = startProgram("api", {
    ...shared,
    PORT: "70000",
    HOST: "0.0.0.0",
    API_KEYS: "topsecret",
    MAX_BODY_BYTES: "many",
  });
  await using worker = startProgram("worker", {
    ...shared,
    TOOL_CONCURRENCY: "0",
    DRAIN_TIMEOUT_SECONDS: "-1",
    MCP_ENABLE_LOGGING: "perhaps",
  });
  expect(await Promise.all([api.ended, worker.ended])).toEqual([1, 1]);
  for (const name of [...Object.keys(shared), "PORT", "API_KEYS", "MAX_BODY_BYTES"]) {
    expect(api.errors.text).toContain(`${name}: `);
  }
  for (const name of [
    ...Object.keys(shared),
    "TOOL_CONCURRENCY",
    "DRAIN_TIMEOUT_SECONDS",
    "MCP_ENABLE_LOGGING",
  ]) {
    expect(worker.errors.text).toContain(`${name}: `);
  }
  expect(api.errors.text).not.toContain("topsecret");
});

test("[smoke.loopback] without keys the api refuses to listen on anything but loopback", async () => {
  await using open = startProgram("api", { ...environment, HOST: "0.0.0.0" });
  expect(await open.ended).toBe(1);
  expect(open.errors.text).toContain("HOST: must be a loopback address");
  expect(open.errors.text).toContain("API_KEYS=name:secret");
  await using guarded = startProgram("api", { ...environment, HOST: "0.0.0.0", API_KEYS: "me:secret" });
  await logged(guarded, ({ url }) => typeof url === "string");
});

test.for([
  ["broken.json", '{\n  "mcp_servers": {,}\n}', ["is not valid JSON", "line 2 column 19"]],
  [
    "unknown-key.json",
    { mcp_servers: { files: { transport_type: "stdio", config: { command: "x", argz: [] } } }, extra: 1 },
    ["mcp_servers.files.config.argz: unknown key", "extra: unknown key"],
  ],
  [
    "wrong-type.json",
    { mcp_servers: { a: { transport_type: "pigeon" }, b: { transport_type: "http", config: {} } } },
    ["mcp_servers.a.transport_type", "mcp_servers.b.config.url"],
  ],
] as const)(
  "[smoke.mcp_config] %s ends the worker with the path in the message",
  async ([name, content, texts]) => {
    const path = await configFile(name, content);
    await using worker = startProgram("worker", { ...environment, MCP_CONFIG_FILE: path });
    expect(await worker.ended).toBe(1);
    expect(worker.log.text).toContain(path);
    for (const text of texts) expect(worker.log.text).toContain(text);
  },
);

test("[smoke.mcp_config] a file that was named and is missing ends the worker", async () => {
  const path = join(folder, "missing.json");
  await using worker = startProgram("worker", { ...environment, MCP_CONFIG_FILE: path });
  expect(await worker.ended).toBe(1);
  expect(worker.log.text).toContain(`${path} does not exist`);
  expect(worker.log.text).toContain("MCP_CONFIG_FILE");
});

test("[smoke.missing_command] a server whose command is missing has status error, and the others work", async () => {
  const fixture = { command: process.execPath, args: [FIXTURE_STDIO_PROGRAM] };
  const path = await configFile("missing-command.json", {
    mcp_servers: {
      broken: { transport_type: "stdio", config: { command: "no-such-command" } },
      incomplete: {
        transport_type: "stdio",
        config: { command: "node", env: { KEY: "${NO_SUCH_VARIABLE}" } },
      },
      works: { transport_type: "stdio", config: fixture },
    },
  });
  await using api = startProgram("api", environment);
  await using worker = startProgram("worker", { ...environment, MCP_CONFIG_FILE: path });
  const client = await listening(api);
  await takesJobs(worker);
  await client.untilConnected(1);
  const { servers } = await client.read<{ servers: Server[] }>("/mcp/servers");
  const [broken, incomplete, works] = servers;
  expect(broken).toMatchObject({ name: "broken", status: "error" });
  expect(broken?.last_error).toContain("no-such-command");
  expect(incomplete).toMatchObject({ name: "incomplete", status: "error" });
  expect(incomplete?.last_error).toContain("NO_SUCH_VARIABLE");
  expect(works).toMatchObject({ name: "works", status: "connected", last_error: null });
  const job = await client.run({ tool: "works__echo", arguments: { text: "still" } });
  expect(job.result?.content).toEqual([{ type: "text", text: "still" }]);
});
