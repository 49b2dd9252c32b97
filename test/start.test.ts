import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ToolJob } from "@millrace/contracts";
import { expect, onTestFinished, test } from "vitest";
import { untilReady } from "../scripts/start/readiness.ts";
import { readStartSettings } from "../scripts/start/settings.ts";
import { createClone, processesIn, startClone, untilGone } from "./support/clone.ts";

const run = promisify(execFile);

/** The command that the start prints for people to paste. */
function printedCommand(output: string): string {
  const command = /^ {2}(curl -s .*\\\n.*)$/m.exec(output)?.[1];
  if (!command) throw new Error(`no command in:\n${output}`);
  return command;
}

async function pasteCommand(output: string): Promise<ToolJob> {
  const { stdout } = await run("sh", ["-c", printedCommand(output)]);
  return JSON.parse(stdout) as ToolJob;
}

const REFUSED_BY_FETCH = [6_000, 6_566, 6_665, 6_666, 6_667, 6_668, 6_669, 6_697, 10_080];

/** The first of the ports that is free. */
async function listenOnOneOf(server: Server, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const isListening = await once(server.listen(port, "127.0.0.1"), "listening").then(
      () => true,
      () => false,
    );
    if (isListening) return port;
  }
  throw new Error("None of the ports is free");
}

test("[start.run] runs Redis, api and worker; the printed command reads a real file; Ctrl-C leaves nothing", async () => {
  const clone = createClone();
  const start = await startClone(clone);
  const job = await pasteCommand(start.output());
  expect(job.status).toBe("completed");
  expect(job.result?.content[0]?.["text"]).toContain("Welcome to Millrace");

  // npm and its process group both pass the signal on: the two count once.
  start.child.kill("SIGINT");
  start.child.kill("SIGINT");
  expect(await once(start.child, "exit")).toEqual([0, null]);
  expect(processesIn(clone)).toEqual([]);
});

test("[start.port] it gets ready on every port that it can tell, also on those that fetch refuses", async () => {
  expect(readStartSettings({ PORT: "8e3" }).apiUrl).toBe("http://127.0.0.1:8000");
  const api = createServer((_request, response) => response.end('{"workers":1}'));
  onTestFinished(() => promisify(api.close.bind(api))());
  const port = await listenOnOneOf(api, REFUSED_BY_FETCH);
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow("fetch failed");
  const settings = readStartSettings({ PORT: String(port), API_KEYS: `me:sha256:${"a".repeat(64)}` });
  await untilReady(settings, new Date(), AbortSignal.timeout(20_000), () => undefined);

  const refused = run(process.execPath, ["scripts/start.ts"], {
    env: { ...process.env, PORT: "0" },
    timeout: 20_000,
  });
  await expect(refused).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining("set PORT=") });
});

test("[start.webhooks] webhooks need no settings on a machine of one's own", async () => {
  const clone = createClone();
  const start = await startClone(clone);
  const receiver = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const received = once(receiver, "request") as Promise<[IncomingMessage]>;
  const response = await fetch(`${start.url}/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      type: "tool",
      tool: "everything__echo",
      arguments: { message: "hello" },
      webhook: { url: `http://127.0.0.1:${port}/` },
    }),
  });
  expect(response.status).toBe(202);
  const [request] = await received;
  expect(request.headers["webhook-signature"]).toMatch(/^v1,/);
  receiver.close();
  receiver.closeAllConnections();
  start.child.kill("SIGTERM");
  expect(await once(start.child, "exit")).toEqual([0, null]);
});

test("[start.keys_file] a file of hashed keys is enough to listen for others, and what is printed asks for a key", async () => {
  const clone = createClone();
  const sha256 = createHash("sha256").update("s3cret").digest("hex");
  writeFileSync(join(clone, "config/api-keys.json"), JSON.stringify({ keys: { me: { sha256 } } }));
  const start = await startClone(clone, { HOST: "0.0.0.0" });
  expect(start.output()).toContain("export API_KEY=");
  expect((await fetch(`${start.url}/workers`)).status).toBe(401);
  const { stdout } = await run("sh", ["-c", printedCommand(start.output())], {
    env: { ...process.env, API_KEY: "s3cret" },
  });
  expect((JSON.parse(stdout) as ToolJob).status).toBe("completed");
  // Whoever has a key is somebody else, whose webhooks must not reach this machine's own services.
  for (const pid of processesIn(clone)) {
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("WEBHOOK_ALLOW_HOSTS");
  }
  start.child.kill("SIGTERM");
  expect(await once(start.child, "exit")).toEqual([0, null]);
});

test("[start.other_servers] the commands that it prints are such as the servers that are connected can answer", async () => {
  const clone = createClone();
  const file = join(clone, "others.json");
  const memory = { transport_type: "stdio", config: { command: "mcp-server-memory" } };
  writeFileSync(file, JSON.stringify({ mcp_servers: { memory } }));
  const start = await startClone(clone, { MCP_CONFIG_FILE: file });
  expect(start.output()).not.toContain("welcome.txt");
  const tools = /^ {2}(curl -s .*\/mcp\/tools.*)$/m.exec(start.output())?.[1] ?? "exit 1";
  expect((await run("sh", ["-c", tools])).stdout).toContain("memory__read_graph");
  const chat = /^ {2}(curl -sN .*\\\n.*)$/m.exec(start.output())?.[1] ?? "exit 1";
  expect((await run("sh", ["-c", chat])).stdout).toContain("event: job.completed");
  start.child.kill("SIGTERM");
  expect(await once(start.child, "exit")).toEqual([0, null]);
});

test("[start.killed] leaves nothing over when it is killed, and finds its jobs again afterwards", async () => {
  const clone = createClone();
  const killed = await startClone(clone);
  const job = await pasteCommand(killed.output());
  killed.child.kill("SIGKILL");
  await untilGone(clone);

  const start = await startClone(clone);
  const found = (await (await fetch(start.url + job.links.self)).json()) as ToolJob;
  expect(found).toEqual(job);
  start.child.kill("SIGTERM");
  expect(await once(start.child, "exit")).toEqual([0, null]);
});
