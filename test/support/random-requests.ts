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
  "chat",
  "user",
  "approve",
  "always",
  "http://127.0.0.1:9/hook",
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
/** What a path and a query cannot hold besides. */
const LONG_TEXT = "x".repeat(200_000);
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
  "message",
  "messages",
  "role",
  "content",
  "budget",
  "max_tokens",
  "tool_choice",
  "name",
  "approval",
  "webhook",
  "url",
  "decision",
  "from",
  "interval_ms",
  "cron",
  "job",
  "text",
  "ms",
  "__proto__",
  "constructor",
  "x",
];
const READ_PATHS = [
  "/jobs",
  "/jobs/*",
  "/jobs/*/events",
  "/jobs/*/deliveries",
  "/batches/*",
  "/batches/*/results",
  "/schedules",
  "/schedules/*",
  "/models",
  "/keys/me",
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

type Fields = Record<string, unknown>;

const toolJob = (): Fields => ({ type: "tool", tool: "echo", arguments: { text: "x" } });
const chat = (): Fields => ({ message: "echo text=x", model: "demo" });

interface Write {
  method: "POST" | "PUT";
  path: string;
  /** A good body. */
  fields: () => Fields;
  /** What no change takes away. */
  fixed?: Fields;
}

const WRITES: readonly Write[] = [
  { method: "POST", path: "/jobs", fields: toolJob },
  { method: "POST", path: "/jobs", fields: toolJob },
  { method: "POST", path: "/jobs", fields: () => ({ type: "chat", ...chat() }) },
  // Without a stream a job that is due in a month would be waited for.
  { method: "POST", path: "/chat", fields: chat, fixed: { stream: true } },
  { method: "POST", path: "/chat", fields: chat, fixed: { stream: true } },
  { method: "POST", path: "/batches", fields: toolJob },
  { method: "POST", path: "/jobs/*/approvals/*", fields: () => ({ decision: "approve" }) },
  { method: "POST", path: "/jobs/*/cancel", fields: () => ({}) },
  { method: "POST", path: "/jobs/*/retry", fields: () => ({ from: "start" }) },
  { method: "PUT", path: "/schedules/*", fields: () => ({ interval_ms: 3_600_000, job: toolJob() }) },
  { method: "POST", path: "/schedules/*/pause", fields: () => ({}) },
  {
    method: "POST",
    path: "/mcp/servers/fixture/tools/echo/execute",
    fields: () => ({ arguments: { text: "x" } }),
  },
  { method: "POST", path: "/mcp/servers/fixture/tools/stats/execute", fields: () => ({}) },
  { method: "POST", path: "/mcp/servers/*/tools/*/execute", fields: () => ({}) },
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
  "application/x-ndjson",
  "multipart/form-data",
];

function randomValue(random: Random, depth: number): unknown {
  const kind = random();
  if (kind < 0.02) return LONG_TEXT;
  if (depth <= 0 || kind < 0.3) return pick(random, TEXTS);
  if (kind < 0.5) return pick(random, NUMBERS);
  if (kind < 0.6) return pick(random, [true, false, null]);
  const length = Math.floor(random() * 4);
  if (kind < 0.75) return Array.from({ length }, () => randomValue(random, depth - 1));
  const entries = Array.from({ length }, () => [pick(random, KEYS), randomValue(random, depth - 1)]);
  return Object.fromEntries(entries) as unknown;
}

/** A good body in which some parts are something else. */
function changedFields(random: Random, { fields, fixed }: Write): Fields {
  const changed = fields();
  const changes = Math.floor(random() * 3);
  for (let change = 0; change < changes; change += 1) {
    const inner = changed["arguments"] ?? changed["job"];
    const target = random() < 0.3 && typeof inner === "object" && inner !== null ? inner : changed;
    const value = randomValue(random, 3);
    Object.defineProperty(target, pick(random, KEYS), {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return { ...changed, ...fixed };
}

/** A text of JSON, at times with a byte that is missing, doubled or wrong. */
function randomBody(random: Random, write: Write): string {
  const value = random() < 0.7 ? changedFields(random, write) : randomValue(random, 5);
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
  const write = random() < 0.5 ? pick(random, WRITES) : null;
  const filled = (write?.path ?? pick(random, READ_PATHS)).replaceAll("*", () =>
    encoded(pick(random, TEXTS)),
  );
  const query = Array.from(
    { length: Math.floor(random() * 3) },
    () => `${pick(random, QUERIES)}=${encoded(pick(random, [...TEXTS, "0", "200", "queued"]))}`,
  ).join("&");
  const others = ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"];
  const method = random() < 0.1 ? pick(random, others) : (write?.method ?? "GET");
  const headers: Record<string, string> = {};
  if (random() < 0.5) headers[pick(random, HEADERS)] = pick(random, HEADER_TEXTS);
  const hasBody = method !== "GET" && method !== "HEAD";
  if (hasBody) headers["content-type"] = pick(random, CONTENT_TYPES);
  const body = hasBody ? { body: randomBody(random, write ?? pick(random, WRITES)) } : {};
  return { path: query === "" ? filled : `${filled}?${query}`, init: { method, headers, ...body } };
}

/** Endless; the same for the same seed. */
export function* randomRequests(seed: number): Generator<RandomRequest, undefined> {
  const random = seeded(seed);
  for (;;) yield randomRequest(random);
}
