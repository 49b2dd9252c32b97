import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createWebhookSender } from "./webhook-sender.ts";

const SECRET = "4f2a91c07be35d68a1f0c2e49b7d5836";

const LOCAL = { secrets: [SECRET], allowedHosts: ["127.0.0.1"] };

/** A receiver that hands each connection over, and ends them when it is disposed of. */
async function listen(onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const receiver = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    onConnection(socket);
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  return {
    port,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      receiver.close();
    },
  };
}

/** What the sender makes of one attempt. */
async function attempt(url: string, signal = new AbortController().signal) {
  const sender = createWebhookSender(LOCAL);
  try {
    return await sender.send({ tenant: "alice", url, id: "1", body: "{}", signal });
  } finally {
    await sender.close();
  }
}

/** What the sender makes of a receiver that answers each request with these bytes, and how many requests it got. */
async function sendTo(answer: string) {
  let requests = 0;
  using receiver = await listen((socket) =>
    socket.on("data", (chunk) => {
      if (!chunk.includes("POST ")) return;
      requests += 1;
      socket.write(answer);
    }),
  );
  const { statusCode, error } = await attempt(`http://127.0.0.1:${receiver.port}`);
  return { statusCode, error, requests };
}

const EMPTY = "content-length: 0\r\n\r\n";

test.each([
  [204, null],
  [300, "answered 300"],
  [304, "answered 304"],
  [308, "answered 308: redirects are not followed, so the webhook has to name the final URL"],
  [407, "answered 407"],
  [410, "answered 410: it wants no more"],
  [421, "answered 421"],
])("[webhook.answer] %s is told as %j", async (statusCode, error) => {
  const sent = await sendTo(`HTTP/1.1 ${statusCode} Status\r\n${EMPTY}`);
  expect(sent).toEqual({ statusCode, error, requests: 1 });
});

test.each([
  `HTTP/1.1 101 Switching Protocols\r\n${EMPTY}`,
  "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "SSH-2.0-OpenSSH_9.9\r\n",
])("[webhook.answer] a receiver that answers %j has been reached, but has not answered", async (answer) => {
  const { statusCode, error } = await sendTo(answer);
  expect(statusCode).toBeNull();
  expect(error).toContain("no final HTTP response");
});

test.each([
  `content-encoding: ${Array(8).fill("gzip").join(", ")}\r\ncontent-length: 2\r\n\r\nok`,
  `content-length: ${2 ** 40}\r\n\r\nand so on`,
  "transfer-encoding: chunked\r\n\r\nno chunk",
])("[webhook.answer] a 200 counts, whatever comes behind it: %j", async (rest) => {
  expect(await sendTo(`HTTP/1.1 200 OK\r\n${rest}`)).toMatchObject({ statusCode: 200, error: null });
});

test("[webhook.answer] a receiver that goes on and on is hung up on", async () => {
  const closed = Promise.withResolvers<void>();
  using receiver = await listen((socket) => {
    socket.on("close", () => closed.resolve());
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      const more = (): void =>
        void (socket.writable && socket.write(`400\r\n${"x".repeat(1_024)}\r\n`, more));
      more();
    });
  });
  const sender = createWebhookSender(LOCAL);
  const { signal } = new AbortController();
  const url = `http://127.0.0.1:${receiver.port}`;
  expect(await sender.send({ tenant: "alice", url, id: "1", body: "{}", signal })).toMatchObject({
    statusCode: 200,
  });
  await closed.promise;
  await sender.close();
  // What nobody reads would be left after 10 s.
}, 8_000);

test("[webhook.answer] one that gives no answer in time is told so", async () => {
  const time = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValueOnce(time.signal);
  onTestFinished(() => timeout.mockRestore());
  using receiver = await listen((socket) => socket.once("data", () => time.abort()));
  expect(await attempt(`http://127.0.0.1:${receiver.port}`)).toEqual({
    statusCode: null,
    error: "no answer within 10 s",
  });
}, 8_000);

test("[webhook.port] a webhook may go to a port that browsers keep from", async () => {
  const { error } = await attempt("http://127.0.0.1:1");
  expect(error).toBe("could not be reached: ECONNREFUSED");
});

test("[webhook.shutdown] an attempt whose connection is still being made is broken off", async () => {
  const stop = new AbortController();
  const reason = new Error("stopping");
  // It never says a word, so TLS waits for it.
  using receiver = await listen((socket) => socket.once("data", () => stop.abort(reason)));
  await expect(attempt(`https://127.0.0.1:${receiver.port}`, stop.signal)).rejects.toBe(reason);
  // By itself the connection would be given up after 10 s.
}, 8_000);
