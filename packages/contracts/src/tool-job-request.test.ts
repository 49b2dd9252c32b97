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

const DAY_MS = 86_400_000;

test.each([
  ["priority", 0, 10],
  ["attempts", 1, 100],
  ["timeout_ms", 1, DAY_MS],
  ["queue_timeout_ms", 1, 365 * DAY_MS],
  ["delay_ms", 0, 365 * DAY_MS],
  ["retention_seconds", 1, (365 * DAY_MS) / 1_000],
])("[contract.request.bounds] %s is from %i to %i", (field, least, most) => {
  const isTaken = (value: number) => JobRequest.safeParse({ ...REQUEST, [field]: value }).success;
  expect([least - 1, least, most, most + 1].map(isTaken)).toEqual([false, true, true, false]);
});

test("[contract.request.bounds] metadata has 64 entries at most", () => {
  const isTaken = (length: number) => {
    const metadata = Object.fromEntries(Array.from({ length }, (_, index) => [`label${index}`, ""]));
    return JobRequest.safeParse({ ...REQUEST, metadata }).success;
  };
  expect([64, 65].map(isTaken)).toEqual([true, false]);
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
