import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { startApi, type ApiServer } from "../../../test/support/api-server.ts";
import {
  batchOf,
  batchOfProblem,
  echoLines,
  newestBatch,
  sendBatch,
  untilBatch,
} from "../../../test/support/batches.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";

/** More than any test lasts: what ends sooner was not cut off. In milliseconds. */
const LONG_MS = 120_000;

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl") });
  client = installation.api.client;
});
afterAll(() => installation.close());

/** Another api of the installation. */
function another(): Promise<ApiServer> {
  return startApi(installation.environment);
}

test("[api.stop.upload] an upload is told what its batch has got, and goes on at another api", async () => {
  await using leaving = await another();
  const lines = echoLines(2);
  const headers = { "idempotency-key": randomUUID() };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from(`${lines[0]}\n`)),
  });
  const init = { method: "POST", body, duplex: "half" } as const;
  const type = { "content-type": "application/x-ndjson" };
  const answer = leaving.client.request("/batches", { ...init, headers: { ...type, ...headers } });
  const id = await newestBatch(client);
  await untilBatch(client, id, { accepted: 1, upload: "receiving" });
  const stopped = leaving.stop(LONG_MS);
  const response = await answer;
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await batchOfProblem(response, "shutting_down")).toEqual({ id, accepted: 1, rejected: 0 });
  await stopped;
  const whole = await batchOf(await sendBatch(client, lines, { headers }), 200);
  expect(whole).toMatchObject({ id, upload: "complete", accepted: 2, rejected: 0 });
});

test("[api.stop.bounded] a request that does not come to its end is waited for no longer than that", async () => {
  await using leaving = await another();
  const socket = connect(leaving.port, "127.0.0.1").setEncoding("utf8");
  const head = [
    "POST /jobs HTTP/1.1",
    "host: 127.0.0.1",
    "content-type: application/json",
    "content-length: 9",
  ];
  socket.write(`${[...head, "expect: 100-continue"].join("\r\n")}\r\n\r\n`);
  const [asked] = (await once(socket, "data")) as [string];
  expect(asked).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  const closed = once(socket, "close");
  await leaving.stop(0);
  await closed;
});
