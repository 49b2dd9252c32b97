import { ASKING_STDIO_PROGRAM } from "@millrace/testing";
import { expect, test } from "vitest";
import type { Host } from "@millrace/host-core";
import type { Sampler } from "../src/connection/questions/sampling.ts";
import { serve, type Intercept } from "./faulty-http.ts";
import { settings, startHost } from "./hosts.ts";

const questions = { sampling: true, elicitation: null, roots: [] };

function startAsking(toolTimeoutMs: number): Promise<Host> {
  const args = [ASKING_STDIO_PROGRAM];
  const transport = { type: "stdio" as const, command: process.execPath, args, env: {} };
  return startHost([settings("asking", transport, { questions, toolTimeoutMs })]);
}

/** A job with a model, which counts what it is asked. */
function job(host: Host) {
  let asked = 0;
  const sample: Sampler = () => {
    asked += 1;
    return Promise.resolve({ model: "mine", text: "forty-two", stopReason: "endTurn" });
  };
  const call = async (tool: string, given: Record<string, unknown>, signal = new AbortController().signal) =>
    JSON.stringify(await host.callTool({ server: "asking", tool, arguments: given, signal, sample }));
  return { call, asked: () => asked };
}

test("[host.questions.abandoned] what a tool asks whose call was cancelled is put to no other job, until that call has ended", async () => {
  const host = await startAsking(20_000);
  const first = job(host);
  const second = job(host);
  const controller = new AbortController();
  const running = first.call("linger", {}, controller.signal);
  // It has been sent: the next one waits for its place.
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(new Error("cancelled"));
  await expect(running).rejects.toThrow("cancelled");

  expect(await second.call("let_ask", { answer: false })).toContain("given up may be at work");
  expect(await second.call("ask_model", { question: "?" })).toContain("given up may be at work");
  expect([first.asked(), second.asked()]).toEqual([0, 0]);

  expect(await second.call("let_ask", { answer: true })).toContain("given up may be at work");
  expect(await second.call("ask_model", { question: "?" })).toContain("forty-two");
  expect([first.asked(), second.asked()]).toEqual([0, 1]);
});

test("[host.questions.abandoned] what a tool asks whose call has timed out is put to no other job", async () => {
  const host = await startAsking(1_000);
  expect(await job(host).call("linger", {})).toContain("tool_timeout");
  const second = job(host);
  expect(await second.call("let_ask", { answer: false })).toContain("given up may be at work");
  expect(second.asked()).toBe(0);
});

interface Message {
  id?: number | string;
  method?: string;
  error?: { message: string };
}

async function readMessage(request: AsyncIterable<Buffer>): Promise<Message> {
  let body = "";
  for await (const chunk of request) body += chunk.toString();
  return JSON.parse(body) as Message;
}

/** Of calls the first gets a status in place of an answer, and the next asks for a model and returns what it was told. */
function failThenAsk(status: number): { intercept: Intercept; begin: () => void } {
  let calls = 0;
  let hasBegun = false;
  const told = Promise.withResolvers<Message>();
  const params = { messages: [{ role: "user", content: { type: "text", text: "?" } }], maxTokens: 10 };
  const respond = async (request: Parameters<Intercept>[0], response: Parameters<Intercept>[1]) => {
    const message = await readMessage(request);
    if (message.method !== "tools/call") {
      if (message.method === undefined) told.resolve(message);
      const pong = { jsonrpc: "2.0", id: message.id, result: {} };
      if (message.method !== "ping") return response.writeHead(202).end();
      return response.setHeader("content-type", "application/json").end(JSON.stringify(pong));
    }
    calls += 1;
    if (calls === 1) return response.writeHead(status).end();
    const send = (event: object) =>
      response.write(`data: ${JSON.stringify({ jsonrpc: "2.0", ...event })}\n\n`);
    response.writeHead(200, { "content-type": "text/event-stream" });
    send({ id: "question", method: "sampling/createMessage", params });
    const text = JSON.stringify(await told.promise);
    send({ id: message.id, result: { content: [{ type: "text", text }] } });
    return response.end();
  };
  const intercept: Intercept = (request, response) => {
    if (!hasBegun || request.method !== "POST") return false;
    void respond(request, response);
    return true;
  };
  return { intercept, begin: () => (hasBegun = true) };
}

test.each([
  [502, "given up may be at work", 0],
  // Nobody has let it in.
  [401, "forty-two", 1],
])(
  "[host.questions.abandoned] a call that gets status %i, on a connection that lives, is reckoned with if it may have run",
  async (status, told, asked) => {
    const { intercept, begin } = failThenAsk(status);
    const { httpUrl: url } = await serve(intercept);
    const host = await startHost([settings("asking", { type: "http", url, headers: {} }, { questions })]);
    begin();
    expect(await job(host).call("echo", { text: "hello" })).toContain(String(status));
    const second = job(host);
    expect(await second.call("echo", { text: "hello" })).toContain(told);
    expect(second.asked()).toBe(asked);
  },
);
