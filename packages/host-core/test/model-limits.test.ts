import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import { getEventListeners, once } from "node:events";
import { startModelServer } from "@millrace/testing";
import { describe, expect, test } from "vitest";
import { createModel } from "../src/model/create-model.ts";
import {
  API_KEY,
  failureOf,
  PROVIDERS,
  requestOf,
  settingsOf,
  startTestedModel,
  textOf,
} from "./model-fixtures.ts";

const SENTENCE = "A sentence of several words";
const AT_ONCE = process.env["MILLRACE_TEST_SIZE"] === "full" ? 1_000 : 200;

/** Timers that would keep the process alive. */
function openTimers(): number {
  return process.getActiveResourcesInfo().filter((type) => type === "Timeout").length;
}

describe.each(PROVIDERS)("%s", (provider) => {
  test.each([
    ["before the first byte", { first_delay_ms: 3_600_000 }],
    ["in between", { text: SENTENCE, stall_after: 1, chunk_length: 4 }],
  ])(
    "[model.limits.stall] an answer that stalls %s is cut off and may be tried again",
    async (_when, answer) => {
      await using tested = await startTestedModel(provider, answer, { stallTimeoutMs: 1_500 });
      const error = await failureOf(tested.model.respond(requestOf()));
      expect(error).toMatchObject({ code: "provider_unavailable", retry: "backoff" });
      expect(error.message).toMatch(/nothing for 1\.5 s.*"stall_timeout"/);
      expect(await (await tested.server.request(1)).finished).toBe(false);
    },
  );

  test("[model.limits.stall] an answer that comes slowly but steadily is no stall", async () => {
    const answer = { text: SENTENCE, chunk_length: 4, chunk_delay_ms: 500 };
    await using tested = await startTestedModel(provider, answer, { stallTimeoutMs: 2_500 });
    const request = requestOf();
    await tested.model.respond(request);
    expect(textOf(request.deltas)).toBe(SENTENCE);
  });

  test("[model.limits.timeout] an answer that takes too long as a whole is a model_timeout", async () => {
    const answer = { text: SENTENCE.repeat(100), chunk_length: 4, chunk_delay_ms: 20 };
    await using tested = await startTestedModel(provider, answer, { timeoutMs: 1_500 });
    const error = await failureOf(tested.model.respond(requestOf()));
    expect(error).toMatchObject({ code: "model_timeout", retry: "never" });
    expect(error.message).toMatch(/longer than 1\.5 s.*"timeout"/);
    expect(await (await tested.server.request(1)).finished).toBe(false);
  });

  test.each([
    ["before the first byte", { first_delay_ms: 3_600_000 }],
    ["in between", { text: SENTENCE, stall_after: 1, chunk_length: 4 }],
  ])(
    "[model.limits.abort] aborting %s rejects with the reason and closes the connection",
    async (_when, answer) => {
      await using tested = await startTestedModel(provider, answer);
      const timers = openTimers();
      const controller = new AbortController();
      const reason = new Error("cancelled");
      const heard = Promise.withResolvers<void>();
      const request = requestOf({ signal: controller.signal, onDelta: () => heard.resolve() });
      const responding = tested.model.respond(request);
      const recorded = await tested.server.request(1);
      if ("text" in answer) await heard.promise;
      controller.abort(reason);
      await expect(responding).rejects.toBe(reason);
      expect(await recorded.finished).toBe(false);
      expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      expect(openTimers()).toBeLessThanOrEqual(timers);
    },
  );

  test("[model.limits.abort] a signal that has aborted already asks nobody", async () => {
    await using tested = await startTestedModel(provider, { text: "Hello" });
    const reason = new Error("too late");
    const request = requestOf({ signal: AbortSignal.abort(reason) });
    await expect(tested.model.respond(request)).rejects.toBe(reason);
    expect(tested.server.requests).toEqual([]);
  });

  test("[model.limits.clean] nothing is left on the signal, and no timer, after any end", async () => {
    await using tested = await startTestedModel(provider, [
      [{ text: "Hello" }, { status: 500 }, { text: SENTENCE, cut_after: 1 }, { text: "Hello" }],
    ]);
    const timers = openTimers();
    const { signal } = new AbortController();
    const results = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      results.push(await Promise.allSettled([tested.model.respond(requestOf({ signal }))]));
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
    expect(results.flat().map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(openTimers()).toBeLessThanOrEqual(timers);
  });

  test("[model.limits.many] very many answers stream at once", { timeout: 60_000 }, async () => {
    const answer = { text: SENTENCE, chunk_length: 8, stall_after: 1 };
    await using tested = await startTestedModel(provider, [[{ text: "Loaded" }, answer]]);
    await tested.model.respond(requestOf());
    await tested.server.requests[0]?.finished;
    const controller = new AbortController();
    const begun = Promise.withResolvers<void>();
    let streaming = 0;
    const responding = Array.from({ length: AT_ONCE }, () => {
      const onDelta = () => {
        streaming += 1;
        if (streaming === AT_ONCE) begun.resolve();
      };
      const failed = failureOfAbort(tested.model.respond(requestOf({ signal: controller.signal, onDelta })));
      return failed;
    });
    await begun.promise;
    expect(tested.server.open).toBe(AT_ONCE);
    controller.abort(new Error("seen"));
    expect(new Set(await Promise.all(responding))).toEqual(new Set(["seen"]));
  });
});

async function failureOfAbort(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "fulfilled",
    (error: unknown) => (error as Error).message,
  );
}

test("[model.http.ping] a ping counts as life, whatever the SDK makes of it", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    let pings = 0;
    const pinging = setInterval(() => {
      pings += 1;
      if (pings <= 12) response.write('event: ping\ndata: {"type":"ping"}\n\n');
      else {
        clearInterval(pinging);
        response.end('event: message_stop\ndata: {"type":"message_stop"}\n\n');
      }
    }, 300);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = settingsOf("anthropic", url, { stallTimeoutMs: 2_500 });
  try {
    const turn = await createModel(settings, { ANTHROPIC_API_KEY: API_KEY }).respond(requestOf());
    expect(turn.message.content).toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** The shortest whole answer of each wire format. */
const WHOLE_ANSWER = {
  anthropic: 'event: message_stop\ndata: {"type":"message_stop"}\n\n',
  openai: 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
};

test.each(PROVIDERS)(
  "[model.http.keep-alive] %s: turns that follow each other share a connection",
  async (provider) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" }).end(WHOLE_ANSWER[provider]);
    }).listen(0, "127.0.0.1");
    let connections = 0;
    server.on("connection", () => (connections += 1));
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const model = createModel(settingsOf(provider, url), { ANTHROPIC_API_KEY: API_KEY });
    for (let turn = 0; turn < 3; turn += 1) {
      await model.respond(requestOf());
      // The connection is free a moment after the answer's last byte; tool calls take longer than that.
      await setImmediate();
    }
    expect(connections).toBe(1);
    server.closeAllConnections();
    server.close();
  },
);

test("[model.http.proxy] the environment's proxy is used, but for the hosts that NO_PROXY names", async () => {
  await using server = await startModelServer({ script: { turns: [{ text: "Hello" }] } });
  const seen: string[] = [];
  const proxy = createServer().listen(0, "127.0.0.1");
  proxy.on("connect", (request, socket, head) => {
    seen.push(request.url ?? "");
    const upstream = connect(Number(new URL(server.url).port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
    socket.on("close", () => upstream.destroy());
  });
  proxy.on("request", (request, response) => {
    seen.push(request.url ?? "");
    response.writeHead(502).end();
  });
  await once(proxy, "listening");
  const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const settings = settingsOf("openai", server.openaiUrl);
  await Promise.allSettled([createModel(settings, { HTTP_PROXY }).respond(requestOf())]);
  expect(seen).toHaveLength(1);
  expect(seen[0]).toContain(new URL(server.url).host);
  await createModel(settings, { HTTP_PROXY, NO_PROXY: "127.0.0.1" }).respond(requestOf());
  expect(seen).toHaveLength(1);
  proxy.closeAllConnections();
  proxy.close();
});

test("[model.load.again] what could not be loaded for one answer is loaded again for the next", async () => {
  await using server = await startModelServer({ script: { turns: [{ text: "Hello" }] } });
  const environment = { HTTP_PROXY: "no URL" };
  const model = createModel(settingsOf("openai", server.openaiUrl), environment);
  await expect(model.respond(requestOf())).rejects.toThrow("Invalid URL");
  environment.HTTP_PROXY = "";
  await model.respond(requestOf());
});
