import { expect, onTestFinished, test } from "vitest";
import { startFixtureHttp, type FixtureHttpOptions } from "@millrace/testing";
import { callText, connect, connections, patience } from "./connections.ts";
import { recordingLogger, settings } from "./hosts.ts";

const CALLS = 80;

async function openFixture(options: FixtureHttpOptions = {}) {
  const server = await startFixtureHttp(options);
  onTestFinished(() => server.close());
  const logger = recordingLogger();
  const transport = { type: "http", url: server.httpUrl, headers: {} } as const;
  const opened = await connect(connections({ logger }), settings("one", transport));
  return { server, opened };
}

test.each([
  ["nobody asks for proof", false],
  ["each proves that it gave in", true],
])("[host.http.streams] 80 cancelled calls leave no 80 sockets when %s", async (_what, asksForProof) => {
  const { server, opened } = await openFixture();
  const controller = new AbortController();
  const proofs: Promise<boolean>[] = [];
  const calls = Array.from({ length: CALLS }, () =>
    opened.connection.callTool(
      "wait",
      { ms: 60_000 },
      {
        signal: controller.signal,
        onAborted: asksForProof ? (watch) => void proofs.push(watch()) : undefined,
      },
    ),
  );
  await expect.poll(() => server.stats.running, { timeout: 20_000 }).toBe(CALLS);
  expect(await server.openSockets()).toBeGreaterThan(CALLS);
  controller.abort(new Error("enough"));
  for (const { status } of await Promise.allSettled(calls)) expect(status).toBe("rejected");
  // On a busy machine some notices come too late to prove anything: those calls keep no socket either.
  const areProven = await Promise.all(proofs);
  expect(areProven.includes(true)).toBe(asksForProof);
  await expect.poll(() => server.stats.cancelled.length, { timeout: 20_000 }).toBe(CALLS);
  // What stays is the session's own stream, and connections that are kept for the next calls.
  server.closeIdleSockets();
  await expect.poll(() => server.openSockets(), { timeout: 20_000 }).toBeLessThan(10);

  // The session goes on, and nothing was reported or resumed.
  expect(await callText(opened, "echo", { text: "still here" })).toBe("still here");
  expect(opened.told).toEqual([]);
  expect(server.requests.filter(({ method }) => method === "GET")).toHaveLength(1);
  expect(server.requests.filter(({ headers }) => headers["last-event-id"])).toEqual([]);
  await opened.connection.ping(patience());
});

test("[host.http.wedged] calls that are given up on a server that answers nothing any more keep no socket", async () => {
  let isWedged = false;
  const { server, opened } = await openFixture({ intercept: () => isWedged });
  isWedged = true;
  const reason = new Error("given up");
  const calls = Array.from({ length: 20 }, () => {
    const controller = new AbortController();
    const call = opened.connection.callTool("wait", { ms: 1 }, { signal: controller.signal });
    return { call, controller };
  });
  const running = Promise.allSettled(calls.map(({ call }) => call));
  await expect.poll(() => server.openSockets(), { timeout: 20_000 }).toBeGreaterThan(20);
  for (const { controller } of calls) controller.abort(reason);
  for (const outcome of await running) expect(outcome).toEqual({ status: "rejected", reason });
  await expect.poll(() => server.openSockets(), { timeout: 20_000 }).toBeLessThan(10);
  expect(opened.told).toEqual([]);
});

test("[host.http.half_answered] calls that are given up after the beginning of their answer keep no socket", async () => {
  let begun = 0;
  let isWedged = false;
  const { server, opened } = await openFixture({
    intercept: (request, response) => {
      if (!isWedged || request.method !== "POST") return false;
      response.writeHead(200, { "content-type": "application/json", "content-length": 1_000 });
      response.write('{"jsonrpc":', () => (begun += 1));
      return true;
    },
  });
  isWedged = true;
  const controller = new AbortController();
  const calls = Array.from({ length: 20 }, () =>
    opened.connection.callTool("wait", { ms: 1 }, { signal: controller.signal }),
  );
  await expect.poll(() => begun, { timeout: 20_000 }).toBe(20);
  controller.abort(new Error("given up"));
  for (const { status } of await Promise.allSettled(calls)) expect(status).toBe("rejected");
  await expect.poll(() => server.openSockets(), { timeout: 20_000 }).toBeLessThan(10);
  isWedged = false;
  expect(await callText(opened, "echo", { text: "still here" })).toBe("still here");
  expect(opened.told).toEqual([]);
});

test("[host.answers.http] over HTTP an answer is read as loosely, and one that is broken fails its call", async () => {
  const result = '"result":{"content":[]}';
  const answers = [`"error":null,"time":1,${result}`, '"result":{"content":[],"x":NaN}'];
  let isOdd = false;
  const { opened } = await openFixture({
    intercept: (request, response) => {
      if (!isOdd || request.method !== "POST") return false;
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const { id } = JSON.parse(body) as { id: number };
        response.writeHead(200, { "content-type": "application/json" });
        response.end(`{"jsonrpc":"2.0","id":${id},${answers.shift()}}`);
      });
      return true;
    },
  });
  isOdd = true;
  const odd = () => opened.connection.callTool("echo", { text: "hi" }, { signal: patience() });
  expect(await odd()).toMatchObject({ content: [], isError: false });
  await expect(odd()).rejects.toMatchObject({
    name: "RequestRejectedError",
    message: expect.stringContaining("its answer is not valid JSON") as string,
  });
});
