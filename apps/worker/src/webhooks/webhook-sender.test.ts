import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createWebhookSender } from "./webhook-sender.ts";

const SECRET = "4f2a91c07be35d68a1f0c2e49b7d5836";

/** What the sender makes of a receiver that answers with these bytes. */
async function sendTo(answer: string) {
  const receiver = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write(answer));
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const sender = createWebhookSender({ secrets: [SECRET], allowedHosts: ["127.0.0.1"] });
  try {
    const { signal } = new AbortController();
    return await sender.send({
      tenant: "alice",
      url: `http://127.0.0.1:${port}`,
      id: "1",
      body: "{}",
      signal,
    });
  } finally {
    await sender.close();
    receiver.close();
  }
}

const EMPTY = "content-length: 0\r\n\r\n";

test.each([
  [204, null],
  [300, "answered 300"],
  [304, "answered 304"],
  [308, "answered 308: redirects are not followed, so the webhook has to name the final URL"],
  [410, "answered 410: it wants no more"],
])("[webhook.answer] %s is told as %j", async (statusCode, error) => {
  expect(await sendTo(`HTTP/1.1 ${statusCode} Status\r\n${EMPTY}`)).toEqual({ statusCode, error });
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
