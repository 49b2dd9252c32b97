import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import {
  batchOf,
  batchOfProblem,
  echoLine,
  echoLines,
  sendBatch,
  untilBatchEnds,
} from "../../../test/support/batches.ts";
import { expectProblem, type HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const MAX_BODY_BYTES = 256 * 1_024;

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    api: { MAX_BODY_BYTES: String(MAX_BODY_BYTES) },
  });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

test("[api.batch.bad_line] a bad line is reported with its number and what is wrong, and harms no other", async () => {
  const invalidUtf8 = Buffer.concat([Buffer.from('{"custom_id":"'), Buffer.of(0xff), Buffer.from('"}\n')]);
  const bad = [
    "no JSON",
    "[1]",
    JSON.stringify({
      type: "tool",
      tool: "fixture__echo",
      arguments: { text: "a" },
      extra: 1,
      custom_id: "d",
    }),
    echoLine("a", { server: "nobody", custom_id: "e" }),
    echoLine("a", { tool: "nothing" }),
    echoLine("a", { arguments: { text: 1 } }),
    echoLine("x".repeat(MAX_BODY_BYTES)),
    echoLine("a", { custom_id: "ü".repeat(33) }),
    echoLine("a", { type: "mail" }),
    '{"type":"tool","tool":"fixture__echo","arguments":{"text":"cut of',
  ];
  const [first = "", ...rest] = echoLines(3);
  const text = `${first}\r\n${bad.slice(0, -1).join("\n")}\n${rest.join("\n")}\n`;
  const bytes = Buffer.concat([Buffer.from(text), invalidUtf8, Buffer.from(bad.at(-1) ?? "")]);
  const batch = await batchOf(await sendBatch(client, new Uint8Array(bytes)));
  expect(batch).toMatchObject({ lines: 14, accepted: 3, rejected: 11 });
  expect(batch.rejections.map(({ line, code, custom_id }) => [line, code, custom_id])).toEqual([
    [2, "invalid_json", null],
    [3, "invalid_request", null],
    [4, "invalid_request", "d"],
    [5, "unknown_server", "e"],
    [6, "unknown_tool", null],
    [7, "invalid_arguments", null],
    [8, "line_too_large", null],
    [9, "invalid_request", null],
    [10, "invalid_request", null],
    [13, "invalid_utf8", null],
    [14, "invalid_json", null],
  ]);
  expect(batch.rejections[2]?.errors).toEqual([{ path: "extra", message: "unknown key" }]);
  expect(batch.rejections[5]?.errors).toMatchObject([{ path: "arguments.text" }]);
  for (const { message } of batch.rejections) expect(message).not.toBe("");
  expect((await untilBatchEnds(client, batch.id)).counts.completed).toBe(3);
});

test("[api.batch.rejections] of many bad lines all are counted and the first thousand told", async () => {
  const lines = Array.from({ length: 1_600 }, (_, index) =>
    index % 100 === 0 ? echoLine("good") : `bad ${index}`,
  );
  const batch = await batchOf(await sendBatch(client, lines));
  expect(batch).toMatchObject({ accepted: 16, rejected: 1_584 });
  expect(batch.rejections).toHaveLength(1_000);
  expect(batch.rejections[0]?.line).toBe(2);
  expect((await untilBatchEnds(client, batch.id)).counts.completed).toBe(16);
});

test("[api.batch.array] a JSON array is a batch as well, of at most MAX_BODY_BYTES", async () => {
  const array = [JSON.parse(echoLine("a", { custom_id: "a" })) as object, 1];
  const batch = await batchOf(await client.post("/batches", array));
  expect(batch).toMatchObject({ lines: 2, accepted: 1, rejected: 1 });
  const ended = await untilBatchEnds(client, batch.id);
  expect(ended.counts.completed).toBe(1);
  await expectProblem(await client.post("/batches", {}), "invalid_request");
  await expectProblem(await client.post("/batches", "[1,"), "invalid_json");
  await expectProblem(await client.post("/batches", ["x".repeat(MAX_BODY_BYTES)]), "body_too_large");
});

test("[api.batch.array.deep] an element that nests too deeply is rejected like any other, and harms none", async () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const bad = [deep, echoLine("a", { custom_id: "b" }).replace('"a"', deep), `{"a":${deep}}`];
  const batch = await batchOf(await client.post("/batches", `[${[...bad, echoLine("good")].join(",")}]`));
  expect(batch).toMatchObject({ accepted: 1, rejected: 3 });
  expect(batch.rejections.map(({ line, code }) => [line, code])).toEqual(
    [1, 2, 3].map((line) => [line, "invalid_request"]),
  );
  expect((await untilBatchEnds(client, batch.id)).counts.completed).toBe(1);
});

test("[chat.previous.bound] a job goes on with no conversation that is larger than MAX_BODY_BYTES, nor does a line", async () => {
  const chat = (length: number, more: object = {}) => ({
    model: "demo",
    message: "x".repeat(length),
    enable_mcp: false,
    ...more,
  });
  const first = await client.chat(chat(0.6 * MAX_BODY_BYTES));
  const second = await client.chat(chat(0.5 * MAX_BODY_BYTES, { previous_job_id: first.id }));
  const third = { type: "chat", ...chat(5, { previous_job_id: second.id }) };
  const problem = await expectProblem(await client.post("/jobs", third), "previous_job_not_usable");
  expect(problem.detail).toContain("MAX_BODY_BYTES");
  const batch = await batchOf(await sendBatch(client, [JSON.stringify(third)]));
  expect(batch).toMatchObject({ accepted: 0, rejections: [{ code: "previous_job_not_usable" }] });
});

test("[api.batch.coding] the codings of an upload are named in any case, and gzip by its old name too", async () => {
  for (const coding of ["GZIP", "x-gzip", "Identity"]) {
    const bytes = coding === "Identity" ? Buffer.from(echoLine("a")) : gzipSync(echoLine("a"));
    const headers = { "content-encoding": coding };
    const { accepted } = await batchOf(await sendBatch(client, new Uint8Array(bytes), { headers }));
    expect(accepted, coding).toBe(1);
  }
});

test("[api.batch.custom_id] a line whose name is no whole text is refused, as it would come back changed", async () => {
  const line = echoLine("a").replace("{", '{"custom_id":"a\\ud800",');
  const batch = await batchOf(await sendBatch(client, [line]));
  expect(batch.rejections).toMatchObject([{ code: "invalid_request", errors: [{ path: "custom_id" }] }]);
  expect(batch.rejections[0]?.message).toContain("surrogate");
});

test("[api.batch.gzip] a packed upload is unpacked as it comes, and bounded by what it unpacks to", async () => {
  const headers = { "content-encoding": "gzip" };
  const bomb = Buffer.concat([
    Buffer.alloc(20 * 1_024 * 1_024, 0x20),
    Buffer.from(`x\n${echoLine("after")}`),
  ]);
  const batch = await batchOf(await sendBatch(client, new Uint8Array(gzipSync(bomb)), { headers }));
  expect(batch).toMatchObject({
    accepted: 1,
    rejected: 1,
    rejections: [{ line: 1, code: "line_too_large" }],
  });
  expect((await untilBatchEnds(client, batch.id)).counts.completed).toBe(1);

  await expectProblem(
    await sendBatch(client, new Uint8Array(Buffer.from("no gzip")), { headers }),
    "invalid_encoding",
  );
  const whole = gzipSync(echoLines(600).join("\n"));
  const cut = await sendBatch(client, new Uint8Array(whole.subarray(0, whole.length - 100)), { headers });
  const { id } = await batchOfProblem(cut, "invalid_encoding");
  expect(await untilBatchEnds(client, id)).toMatchObject({ upload: "cut", status: "completed" });
  const packed = { headers: { "content-encoding": "br" } };
  const refused = await expectProblem(await sendBatch(client, [], packed), "unsupported_media_type");
  expect(refused).not.toHaveProperty("batch");
});
