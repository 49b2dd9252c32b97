import { expect, test, vi } from "vitest";
import { RequestRejectedError } from "../connection.ts";
import type { JsonRpcMessage } from "./json-rpc.ts";
import { RequestChannel } from "./request-channel.ts";

function open() {
  const sent: JsonRpcMessage[] = [];
  const channel = new RequestChannel((message) => {
    sent.push(message);
    return Promise.resolve();
  });
  const request = (signal = new AbortController().signal, onNotice = vi.fn<() => void>()) =>
    channel.request("tools/call", { name: "a" }, signal, onNotice);
  const idOf = (index: number) => sent[index]?.id ?? -1;
  return { channel, sent, request, idOf };
}

test("[host.channel] answers find their requests, in whatever order they come", async () => {
  const { channel, request, idOf } = open();
  const both = Promise.all([request(), request()]);
  for (const index of [1, 0]) {
    expect(channel.take({ jsonrpc: "2.0", id: idOf(index), result: { index } })).toBe(true);
  }
  expect(await both).toEqual([{ index: 0 }, { index: 1 }]);
});

test("[host.channel] an id that comes back as a text finds its request all the same", async () => {
  const { channel, request, idOf } = open();
  const answered = request();
  expect(channel.take({ jsonrpc: "2.0", id: String(idOf(0)), result: { fine: true } })).toBe(true);
  expect(await answered).toEqual({ fine: true });
});

test("[host.channel] an error, and an answer that is none, reject with their code", async () => {
  const { channel, request, idOf } = open();
  const refused = request();
  channel.take({ jsonrpc: "2.0", id: idOf(0), error: { code: -32_000, message: "no" } });
  await expect(refused).rejects.toEqual(new RequestRejectedError(-32_000, "no"));
  const empty = request();
  channel.take({ jsonrpc: "2.0", id: idOf(1) });
  await expect(empty).rejects.toMatchObject({ code: -32_603 });
  const odd = request();
  channel.take({ jsonrpc: "2.0", id: idOf(2), error: "no object" });
  await expect(odd).rejects.toMatchObject({ code: -32_603 });
});

test.each([
  ["kaputt", "kaputt"],
  [{ code: "E", data: { a: 1 } }, 'without a message: {"code":"E","data":{"a":1}}'],
])("[host.channel] the error %j says what it says", async (error, message) => {
  const { channel, request, idOf } = open();
  const refused = request();
  channel.take({ jsonrpc: "2.0", id: idOf(0), error });
  await expect(refused).rejects.toEqual(new RequestRejectedError(-32_603, message));
});

test.each([["done"], [7], [false], [[{ type: "text", text: "done" }]]])(
  "[host.channel] the result %j, which is no object, stands in one",
  async (result) => {
    const { channel, request, idOf } = open();
    const answered = request();
    channel.take({ jsonrpc: "2.0", id: idOf(0), result } as unknown as JsonRpcMessage);
    expect(await answered).toEqual({ result });
  },
);

test("[host.channel] an abort rejects at once and tells the server; a late answer reaches nobody", async () => {
  const { channel, sent, request, idOf } = open();
  const abort = new AbortController();
  const onNotice = vi.fn<() => void>();
  const aborted = request(abort.signal, onNotice);
  abort.abort(new Error("enough"));
  await expect(aborted).rejects.toThrow("enough");
  expect(sent[1]).toMatchObject({ method: "notifications/cancelled", params: { requestId: idOf(0) } });
  expect(onNotice).toHaveBeenCalledTimes(1);
  expect(channel.take({ jsonrpc: "2.0", id: idOf(0), result: {} })).toBe(true);
});

test("[host.channel] after the answer an abort tells the server nothing", async () => {
  const { channel, sent, request, idOf } = open();
  const abort = new AbortController();
  const answered = request(abort.signal);
  channel.take({ jsonrpc: "2.0", id: idOf(0), result: {} });
  abort.abort();
  await answered;
  expect(sent).toHaveLength(1);
});

test("[host.channel] messages of others are left to them", () => {
  const { channel, request, idOf } = open();
  void request().catch(() => {});
  const id = idOf(0);
  for (const message of [
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id, method: "ping" },
    { jsonrpc: "2.0", method: "notifications/progress" },
    { jsonrpc: "2.0", id: Number(id) + 1, result: {} },
    { jsonrpc: "2.0", id: "one", result: {} },
  ] as const) {
    expect(channel.take(message)).toBe(false);
  }
  channel.lost(new Error("gone"));
});

test("[host.channel] a connection that is lost rejects all that waits, and so does what cannot be sent", async () => {
  const { channel, request } = open();
  const waiting = request();
  channel.lost(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  const broken = new RequestChannel(() => Promise.reject(new Error("not sent")));
  const { signal } = new AbortController();
  await expect(broken.request("ping", {}, signal, () => {})).rejects.toThrow("not sent");
});
