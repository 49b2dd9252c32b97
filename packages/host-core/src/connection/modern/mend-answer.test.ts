import { expect, test } from "vitest";
import type { JsonRpcMessage } from "../wire/json-rpc.ts";
import { mendAnswer } from "./mend-answer.ts";

const answer = (content: object) => ({ jsonrpc: "2.0", id: 1, ...content }) as unknown as JsonRpcMessage;
const failure = (message: string) => answer({ error: { code: -32_603, message } });

test.each<[string, object, object]>([
  ["a result that is a text", { result: "done" }, { result: { resultType: "complete", content: "done" } }],
  ["a result that is a list", { result: [7] }, { result: { resultType: "complete", content: [7] } }],
  ["a result without its type", { result: { a: 1 } }, { result: { a: 1, resultType: "complete" } }],
  [
    "a list that does not say how long it is good",
    { result: { resultType: "complete", tools: [], ttlMs: -5, cacheScope: "odd" } },
    { result: { resultType: "complete", tools: [], ttlMs: 300_000, cacheScope: "private" } },
  ],
  ["an error that is a text", { error: "kaputt" }, failure("kaputt")],
  ["an error without a message", { error: { code: 5 } }, failure('without a message: {"code":5}')],
  ["nothing", {}, failure("the answer has neither result nor error")],
])("[protocol.modern.mended] %s is made fit", (_what, given, mended) => {
  expect(mendAnswer(answer(given))).toEqual({ jsonrpc: "2.0", id: 1, ...mended });
});

test.each([
  answer({ result: { resultType: "complete", content: [] } }),
  answer({ result: { resultType: "input_required", requestState: "s" } }),
  answer({ result: { resultType: "complete", tools: [], ttlMs: 0, cacheScope: "public" } }),
  answer({ error: { code: -32_601, message: "no" } }),
  answer({ method: "ping" }),
])("[protocol.modern.mended] %j stays as it is", (message) => expect(mendAnswer(message)).toBe(message));
