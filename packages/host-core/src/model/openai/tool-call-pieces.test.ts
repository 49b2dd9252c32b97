import { expect, test } from "vitest";
import { ToolCallPieces } from "./tool-call-pieces.ts";

type Piece = Parameters<ToolCallPieces["take"]>[0];

function callsOf(pieces: object[]) {
  const calls = new ToolCallPieces();
  for (const piece of pieces) calls.take(piece as Piece);
  return calls.finish().map(({ id, name, input }) => [id, name, input]);
}

const piece = (fields: object, name?: string, args?: unknown) => ({
  ...fields,
  function: { ...(name === undefined ? {} : { name }), ...(args === undefined ? {} : { arguments: args }) },
});

test("[model.openai.pieces] parallel calls grow by their index", () => {
  const calls = callsOf([
    piece({ index: 0, id: "x" }, "one", ""),
    piece({ index: 1, id: "y" }, "two", '{"b'),
    piece({ index: 0 }, undefined, '{"a":1}'),
    piece({ index: 1 }, undefined, '":2}'),
  ]);
  expect(calls).toEqual([
    ["x", "one", { a: 1 }],
    ["y", "two", { b: 2 }],
  ]);
});

test.each([
  ["the same index for every call", 0],
  ["no index", undefined],
])("[model.openai.pieces] a server that gives %s has several calls all the same", (_what, index) => {
  const fields = index === undefined ? {} : { index };
  const calls = callsOf([
    piece({ ...fields, id: "x" }, "one", '{"a":1}'),
    piece({ ...fields, id: "y" }, "two", '{"b"'),
    piece({ ...fields }, undefined, ":2}"),
  ]);
  expect(calls).toEqual([
    ["x", "one", { a: 1 }],
    ["y", "two", { b: 2 }],
  ]);
});

test("[model.openai.pieces] a server that gives every call the same index and no id has several calls, each whole in its piece", () => {
  const calls = callsOf([
    piece({ index: 0 }, "one", '{"a":1}'),
    piece({ index: 0 }, "two", '{"b":2}'),
    piece({ index: 0 }, "two", {}),
  ]);
  expect(calls).toEqual([
    ["", "one", { a: 1 }],
    ["", "two", { b: 2 }],
    ["", "two", {}],
  ]);
});

test("[model.openai.pieces] a server that gives no id and repeats the name with each piece has one call", () => {
  const calls = callsOf([
    piece({ index: 0 }, "one", ""),
    piece({ index: 0 }, "one", '{"a":{}'),
    piece({ index: 0 }, "one", "}"),
    piece({ index: 0 }, "one", ""),
  ]);
  expect(calls).toEqual([["", "one", { a: {} }]]);
});

test("[model.answers.odd] a call whose id and name are no texts has texts for them", () => {
  expect(callsOf([piece({ index: 0, id: 5 }), { index: 0, function: { name: 7, arguments: "{}" } }])).toEqual(
    [["5", "7", {}]],
  );
  expect(callsOf([{ index: 0, id: {}, function: { name: [] } }])).toEqual([["", "", {}]]);
});

test("[model.openai.pieces] a server that repeats id and name with each piece has one call", () => {
  const fields = { index: 0, id: "x" };
  expect(callsOf([piece(fields, "one", '{"a"'), piece(fields, "one", ":1}")])).toEqual([
    ["x", "one", { a: 1 }],
  ]);
});

test("[model.openai.pieces] arguments that come as an object are taken whole", () => {
  expect(callsOf([piece({ index: 0, id: "x" }, "one", { a: 1 })])).toEqual([["x", "one", { a: 1 }]]);
});
