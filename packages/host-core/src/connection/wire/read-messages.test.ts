import { expect, test } from "vitest";
import { readMessages } from "./read-messages.ts";

const ANSWER = { jsonrpc: "2.0", id: 7, result: { fine: true } };

test.each([
  ["an error of null", { ...ANSWER, error: null }],
  ["members that nobody knows", { ...ANSWER, time: 1, server: { name: "odd" } }],
  ["no version", { id: 7, result: { fine: true } }],
])("[host.answers.loose] an answer with %s is one", (_what, given) => {
  expect(readMessages(JSON.stringify(given))).toEqual([ANSWER]);
});

test("[host.answers.loose] a byte order mark is no part of it, and an array has several", () => {
  expect(readMessages(`\uFEFF${JSON.stringify(ANSWER)}`)).toEqual([ANSWER]);
  const note = { jsonrpc: "2.0", method: "notifications/progress", params: {} };
  expect(readMessages(JSON.stringify([note, ANSWER, 5]))).toEqual([note, ANSWER]);
});

test("[host.answers.loose] an error stays one, with a result of null beside it too", () => {
  const error = { jsonrpc: "2.0", id: 7, error: { code: 1, message: "no" } };
  expect(readMessages(JSON.stringify(error))).toEqual([error]);
  expect(readMessages(JSON.stringify({ ...error, result: null }))).toEqual([error]);
});

test.each(["banner", '{"level":"info","id":7}', '{"method":"GET","id":7,"result":1}', "[]", "null", "7"])(
  "[host.answers.loose] %s is no message",
  (text) => expect(() => readMessages(text)).toThrow(Error),
);

test.each([
  '{"jsonrpc":"2.0","id":7,"result":{"x":NaN,"id":8}}',
  '{"id": 7, "jsonrpc": "2.0", "result": {"x": NaN}}',
  '{"jsonrpc":"2.0","result":{"id":8,"x":Infinity},"id":7}',
  '{"result":{"x":NaN},"id":7,"jsonrpc":"2.0"}',
  '{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":oops}}',
])("[host.answers.broken] %s is a failure of the request that it answers", (text) => {
  const message = expect.stringMatching(/^its answer is not valid JSON: ./) as string;
  expect(readMessages(text)).toEqual([{ jsonrpc: "2.0", id: 7, error: { code: -32_603, message } }]);
});

test.each([
  '{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"x":NaN}}',
  '{"jsonrpc":"2.0","result":{"x":NaN,"id":7}}',
  '{"time":NaN,"id":7}',
  "{",
])("[host.answers.broken] %s answers nobody for certain", (text) => {
  expect(() => readMessages(text)).toThrow(SyntaxError);
});
