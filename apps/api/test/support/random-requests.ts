/** A request with the parts of good ones, and with anything else in their place. */
export interface RandomRequest {
  path: string;
  init: RequestInit;
}

type Random = () => number;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

const TEXTS = [
  "",
  "echo",
  "fixture",
  "fixture__echo",
  "tool",
  "__proto__",
  "constructor",
  "toString",
  "\u0000",
  "\ud800",
  "{index}:local",
  "../../etc/passwd",
  "job_01arz3ndektsv4rrffq69g5fav",
  "ünïcode \u{1f642}",
  "\r\nx: y",
  "x".repeat(3_000),
  "%s%n",
  "1",
  "-1",
  "1e400",
];
const NUMBERS = [0, -0, 1, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e300, 60_000];
const KEYS = [
  "type",
  "server",
  "tool",
  "arguments",
  "timeout_ms",
  "priority",
  "delay_ms",
  "metadata",
  "retention_seconds",
  "text",
  "ms",
  "__proto__",
  "constructor",
  "x",
];
const PATHS = [
  "/jobs",
  "/jobs",
  "/jobs",
  "/mcp/servers/fixture/tools/echo/execute",
  "/mcp/servers/fixture/tools/stats/execute",
  "/mcp/servers/*/tools/*/execute",
  "/jobs/*",
  "/jobs/*/events",
  "/mcp/servers/*/tools",
  "/mcp/servers",
  "/mcp/tools",
  "/mcp/health",
  "/workers",
  "/docs/*",
  "/openapi.json",
  "/health/*",
  "/*",
];
const QUERIES = ["wait", "limit", "cursor", "status", "type", "batch_id", "after", "__proto__", "x"];
const HEADERS = ["accept", "prefer", "last-event-id", "x-request-id", "authorization", "origin"];
const HEADER_TEXTS = [
  "",
  "wait=0",
  "wait=1",
  "wait=",
  "wait=99",
  ";;,,==",
  "text/event-stream",
  "application/json",
  "*/*",
  "text/event-stream;q=0, application/json;q=x",
  "0",
  "3",
  "-1",
  "Bearer x",
  "Bearer",
  "http://localhost",
  "null",
  "a".repeat(5_000),
  "\u00ff\u00fe",
  ", ,",
  '"',
  "job_",
];
const CONTENT_TYPES = [
  "application/json",
  "application/json",
  "application/json",
  "application/json; charset=utf-7",
  "application/+json",
  "text/json",
  "",
  "multipart/form-data",
];

function randomValue(random: Random, depth: number): unknown {
  const kind = random();
  if (depth <= 0 || kind < 0.3) return pick(random, TEXTS);
  if (kind < 0.5) return pick(random, NUMBERS);
  if (kind < 0.6) return pick(random, [true, false, null]);
  const length = Math.floor(random() * 4);
  if (kind < 0.75) return Array.from({ length }, () => randomValue(random, depth - 1));
  const entries = Array.from({ length }, () => [pick(random, KEYS), randomValue(random, depth - 1)]);
  return Object.fromEntries(entries) as unknown;
}

/** A good job in which some parts are something else. */
function randomJob(random: Random): Record<string, unknown> {
  const job: Record<string, unknown> = { type: "tool", tool: "echo", arguments: { text: "x" } };
  const changes = Math.floor(random() * 3);
  for (let change = 0; change < changes; change += 1) {
    const target = random() < 0.3 ? (job["arguments"] as Record<string, unknown>) : job;
    if (typeof target !== "object" || target === null) continue;
    const value = randomValue(random, 3);
    Object.defineProperty(target, pick(random, KEYS), { value, enumerable: true, writable: true });
  }
  return job;
}

/** A text of JSON, at times with a byte that is missing, doubled or wrong. */
function randomBody(random: Random): string {
  const value = random() < 0.7 ? randomJob(random) : randomValue(random, 5);
  const text = JSON.stringify(value) ?? "";
  const place = Math.floor(random() * text.length);
  if (random() < 0.8) return text;
  return (
    text.slice(0, place) + pick(random, ["", "{", '"', "\u0000", "[".repeat(9_999)]) + text.slice(place + 1)
  );
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function randomRequest(random: Random): RandomRequest {
  const pattern = pick(random, PATHS);
  const filled = pattern.replaceAll("*", () => encoded(pick(random, TEXTS)));
  const query = Array.from(
    { length: Math.floor(random() * 3) },
    () => `${pick(random, QUERIES)}=${encoded(pick(random, [...TEXTS, "0", "200", "queued"]))}`,
  ).join("&");
  const posts = pattern === "/jobs" || pattern.endsWith("execute");
  const method =
    random() < 0.1 ? pick(random, ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"]) : posts ? "POST" : "GET";
  const headers: Record<string, string> = {};
  if (random() < 0.5) headers[pick(random, HEADERS)] = pick(random, HEADER_TEXTS);
  if (method !== "GET" && method !== "HEAD") headers["content-type"] = pick(random, CONTENT_TYPES);
  const body = method === "GET" || method === "HEAD" ? {} : { body: randomBody(random) };
  return { path: query === "" ? filled : `${filled}?${query}`, init: { method, headers, ...body } };
}

/** Endless; the same for the same seed. */
export function* randomRequests(seed: number): Generator<RandomRequest, undefined> {
  const random = seeded(seed);
  for (;;) yield randomRequest(random);
}
