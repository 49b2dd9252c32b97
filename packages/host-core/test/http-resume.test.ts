import type { ServerResponse } from "node:http";
import { startFixtureHttp, type FixtureHttpOptions } from "@millrace/testing";
import { expect, onTestFinished, test } from "vitest";
import { callText, connect, connections, patience } from "./connections.ts";
import { settings } from "./hosts.ts";

/** More than any message may have. */
const HUGE = 65 * 1024 * 1024;
const TOO_LARGE = { message: expect.stringContaining("more than 64 MiB") as string };

type Intercept = NonNullable<FixtureHttpOptions["intercept"]>;

/** A server whose streams can be resumed, after 10 ms. What is asked for a stream meets `intercept` first. */
async function openResumable(intercept: Intercept = () => false) {
  const streams = { resumed: 0, open: 0 };
  const server = await startFixtureHttp({
    isResumable: true,
    intercept: (request, response) => {
      if (request.method !== "GET") return false;
      if (request.headers["last-event-id"] !== undefined) {
        streams.resumed += 1;
        streams.open += 1;
        response.once("close", () => (streams.open -= 1));
      }
      return intercept(request, response);
    },
  });
  onTestFinished(() => server.close());
  const transport = { type: "http", url: server.httpUrl, headers: {} } as const;
  const opened = await connect(connections(), settings("far", transport));
  const callTool = (tool: string, given: Record<string, unknown> = {}, signal = patience()) =>
    opened.connection.callTool(tool, given, { signal });
  /** Much longer than it takes until a stream is resumed. */
  const passTime = () => callText(opened, "wait", { ms: 300 });
  return { server, opened, streams, callTool, passTime };
}

test("[host.http.answered] after errors and what is too large nobody comes back for more", async () => {
  const { opened, streams, callTool, passTime } = await openResumable();
  for (let count = 0; count < 5; count += 1) {
    await expect(callTool("reject")).rejects.toMatchObject({ name: "RequestRejectedError" });
  }
  await expect(callTool("big", { bytes: HUGE })).rejects.toMatchObject(TOO_LARGE);
  await passTime();
  expect(streams.resumed).toBe(0);
  expect(opened.told).toEqual([]);
});

test.each([
  ["a result", {}, { content: [{ text: "x" }] }],
  ["an error", { as: "error" }, { name: "RequestRejectedError" }],
  ["too large", { bytes: HUGE }, TOO_LARGE],
])(
  "[host.http.resumed] an answer that comes over another stream ends that, being %s",
  async (_what, given, expected) => {
    const { streams, callTool, passTime } = await openResumable();
    expect(await callTool("hang_up", given).catch((error: unknown) => error)).toMatchObject(expected);
    await expect.poll(() => streams.open, { timeout: 20_000 }).toBe(0);
    await passTime();
    expect(streams).toEqual({ resumed: 1, open: 0 });
  },
);

test("[host.http.resumed] a stream that ends again and again without an event is resumed where it was", async () => {
  const ids: unknown[] = [];
  const { callTool } = await openResumable((request, response) => {
    ids.push(request.headers["last-event-id"]);
    if (ids.length === 1 || ids.length > 3) return false;
    response.writeHead(200, { "content-type": "text/event-stream" }).end(": nothing yet\n\n");
    return true;
  });
  expect(await callTool("hang_up")).toMatchObject({ content: [{ text: "x" }] });
  // The first is the stream of the session.
  const [session, ...resumed] = ids;
  expect(session).toBeUndefined();
  expect(resumed).toEqual([expect.any(String), resumed[0], resumed[0]]);
});

test("[host.http.resumed] a call that is cancelled meanwhile keeps no stream", async () => {
  const { server, streams, callTool, passTime } = await openResumable();
  const controller = new AbortController();
  const call = callTool("hang_up", { as: "never" }, controller.signal);
  await expect.poll(() => streams.open, { timeout: 20_000 }).toBe(1);
  controller.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
  await expect.poll(() => streams.open, { timeout: 20_000 }).toBe(0);
  await passTime();
  expect(streams.resumed).toBe(1);
  expect(server.stats.cancelled).toEqual(["hang_up"]);
});

test.each([
  [503, 3],
  [405, 1],
])(
  "[host.http.not_resumed] a call whose stream is refused with %d is lost after %d attempts, alone",
  async (status, attempts) => {
    let isRefusing = false;
    const { opened, streams, callTool } = await openResumable((_request, response) => {
      if (isRefusing) response.writeHead(status).end();
      return isRefusing;
    });
    const controller = new AbortController();
    const beside = callTool("hang_up", { as: "never" }, controller.signal);
    const isOver = beside.catch((error: unknown) => error);
    await expect.poll(() => streams.open, { timeout: 20_000 }).toBe(1);
    isRefusing = true;
    await expect(callTool("hang_up")).rejects.toMatchObject({ name: "ConnectionLostError" });
    expect(streams).toEqual({ resumed: 1 + attempts, open: 1 });
    isRefusing = false;
    expect(await callTool("hang_up")).toMatchObject({ isError: false });
    expect(opened.told).toEqual([]);
    controller.abort(new Error("seen"));
    expect(await isOver).toMatchObject({ message: "seen" });
  },
);

test.each([409, 503])(
  "[host.http.reopened] the stream of the session is opened again after refusals with %d",
  async (status) => {
    let session: ServerResponse | undefined;
    let refusals = 0;
    const { opened } = await openResumable((_request, response) => {
      if (session?.destroyed && refusals < 3) {
        refusals += 1;
        response.writeHead(status).end();
        return true;
      }
      session = response;
      return false;
    });
    await expect.poll(() => session?.headersSent, { timeout: 20_000 }).toBe(true);
    const first = session;
    first?.destroy();
    await expect.poll(() => session !== first && session?.headersSent, { timeout: 20_000 }).toBe(true);
    expect(refusals).toBe(3);
    const changed = opened.next("onToolsChanged");
    await callText(opened, "grow", { name: "grown" });
    await changed;
    expect(opened.told).toEqual(["onToolsChanged"]);
  },
);
