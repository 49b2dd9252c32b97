import { expect, test } from "vitest";
import { JSON_DEPTH_MAX } from "./json-depth.ts";
import { JobRequest } from "./job-request.ts";

const REQUEST = { type: "tool", tool: "echo" };

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { value };
  return value;
}

test("[contract.request.defaults] needs a type and a tool, nothing else", () => {
  expect(JobRequest.parse(REQUEST)).toEqual({ ...REQUEST, arguments: {} });
});

test("[contract.request.strict] refuses what is unknown or out of range, with its path", () => {
  const wrong = [
    [{ ...REQUEST, priorty: 1 }, []],
    [{ ...REQUEST, priority: 11 }, ["priority"]],
    [{ ...REQUEST, timeout_ms: 0 }, ["timeout_ms"]],
    [{ ...REQUEST, delay_ms: -1 }, ["delay_ms"]],
    [{ ...REQUEST, retention_seconds: 0.5 }, ["retention_seconds"]],
    [{ ...REQUEST, metadata: { a: 1 } }, ["metadata", "a"]],
    [{ ...REQUEST, arguments: [] }, ["arguments"]],
    [{ tool: "echo" }, ["type"]],
    [{ type: "tool" }, ["tool"]],
  ] as const;
  for (const [request, path] of wrong) {
    expect(JobRequest.safeParse(request).error?.issues[0]?.path, JSON.stringify(request)).toEqual(path);
  }
});

test("[contract.request.lost_key] refuses a key that would be lost, with its path", () => {
  const read = (fields: string) =>
    JobRequest.safeParse(JSON.parse(`{"type":"tool","tool":"echo",${fields}}`)).error?.issues[0];
  const lost = 'the key "__proto__" would be lost: give it another name';
  expect(read('"arguments":{"__proto__":1}')).toMatchObject({ path: ["arguments"], message: lost });
  expect(read('"metadata":{"a":"b","__proto__":"c"}')).toMatchObject({ path: ["metadata"], message: lost });
  const deep = JSON.parse('{"type":"tool","tool":"echo","arguments":{"a":{"__proto__":1}}}') as unknown;
  expect(JobRequest.parse(deep)).toEqual(deep);
});

function isAccepted(levels: number): boolean {
  return JobRequest.safeParse({ ...REQUEST, arguments: { a: nested(levels) } }).success;
}

test("[contract.request.depth] bounds how deep the arguments nest", () => {
  expect(isAccepted(JSON_DEPTH_MAX - 2)).toBe(true);
  expect(isAccepted(JSON_DEPTH_MAX + 1)).toBe(false);
  expect(isAccepted(100_000)).toBe(false);
});

test("[contract.request.numbers] refuses a number that JSON cannot hold", () => {
  const read = (number: string) =>
    JobRequest.safeParse(JSON.parse(`{"type":"tool","tool":"echo","arguments":{"a":[{"b":${number}}]}}`));
  expect(read("1e308").success).toBe(true);
  expect(read("1e999").error?.issues[0]?.path).toEqual(["arguments"]);
});
