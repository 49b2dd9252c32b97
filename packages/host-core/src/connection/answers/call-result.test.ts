import { expect, test } from "vitest";
import { AnswerTooLargeError } from "../connection.ts";
import { readCallResult } from "./call-result.ts";

test("[host.result.odd] what a tool returned is kept, however odd it is", () => {
  const text = { type: "text", text: "done" };
  expect(readCallResult({ content: [text, { no: "type" }, 7], isError: "yes" })).toEqual({
    content: [
      text,
      { type: "text", text: '[a part of the result that is no MCP content]: {"no":"type"}' },
      { type: "text", text: "[a part of the result that is no MCP content]: 7" },
    ],
    structuredContent: null,
    isError: false,
    misfits: [],
  });
  expect(readCallResult({ content: text })).toMatchObject({ content: [text] });
  expect(readCallResult({})).toMatchObject({ content: [] });
});

test.each([
  [{ toolResult: { a: 1 }, _meta: { x: 1 } }, '[a result that is no MCP content]: {"toolResult":{"a":1}}'],
  [{ isError: true, error: "why" }, '[a result that is no MCP content]: {"error":"why"}'],
  [{ content: null, output: "done" }, '[a result that is no MCP content]: {"output":"done"}'],
  [
    { content: [{ type: "text", text: 5 }] },
    '[a part of the result that is no MCP content]: {"type":"text","text":5}',
  ],
])("[host.result.odd] %j is quoted", (answer, text) => {
  expect(readCallResult(answer).content).toEqual([{ type: "text", text }]);
});

test("[host.result.odd] content of null beside structured content is none", () => {
  const answer = { content: null, structuredContent: { a: 1 }, other: 1 };
  expect(readCallResult(answer)).toMatchObject({ content: [], structuredContent: { a: 1 } });
});

test("[host.result.odd] structured content that is no object is kept as a text", () => {
  const misfits = [{ path: "structured_content", message: expect.stringContaining("no object") as string }];
  expect(readCallResult({ structuredContent: [1, 2], isError: true })).toEqual({
    content: [{ type: "text", text: "[structured content]: [1,2]" }],
    structuredContent: null,
    isError: true,
    misfits,
  });
  expect(readCallResult({ structuredContent: { one: 1 } })).toMatchObject({
    structuredContent: { one: 1 },
    misfits: [],
  });
});

test("[host.result.deep] what cannot be quoted, because it nests too deep, is refused", () => {
  let deep: unknown = {};
  for (let level = 0; level < 20_000; level += 1) deep = [deep];
  expect(() => readCallResult({ content: [deep] })).toThrow(AnswerTooLargeError);
  expect(() => readCallResult({ structuredContent: deep })).toThrow("100 levels");
});
