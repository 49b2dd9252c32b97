import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

interface Echo {
  proxy: TcpProxy;
  /** A connection through the proxy. */
  open: () => Promise<Client>;
  /** A connection past it. */
  openDirectly: () => Promise<Client>;
  served: Set<Socket>;
}

/** A server that sends everything back, behind a proxy. */
async function startEcho(): Promise<Echo> {
  const served = new Set<Socket>();
  const server = createServer((socket) => {
    served.add(socket);
    socket.on("error", () => {}).once("close", () => served.delete(socket));
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const proxy = await startTcpProxy({ host: "127.0.0.1", port });
  onTestFinished(async () => {
    await proxy.close();
    for (const socket of served) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return { proxy, open: () => openClient(proxy.port), openDirectly: () => openClient(port), served };
}

interface Client {
  send(text: string): void;
  received(text: string): Promise<void>;
  readonly text: string;
  readonly closed: Promise<unknown>;
}

async function openClient(port: number): Promise<Client> {
  const socket = connect({ host: "127.0.0.1", port });
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return {
    send: (sent) => void socket.write(sent),
    received: (expected) => vi.waitFor(() => expect(text).toBe(expected), { timeout: 20_000 }),
    get text() {
      return text;
    },
    closed: new Promise((resolve) => socket.once("close", resolve)),
  };
}

test("[testing.proxy.pass] what both sides send passes, until either closes", async () => {
  const { open, served } = await startEcho();
  const client = await open();
  client.send("hello");
  await client.received("hello");
  for (const socket of served) socket.destroy();
  await client.closed;
});

test("[testing.proxy.cut] a cut breaks every connection, and new ones pass", async () => {
  const { proxy, open } = await startEcho();
  const [one, two] = [await open(), await open()];
  one.send("x");
  await one.received("x");
  proxy.cut();
  await Promise.all([one.closed, two.closed]);
  const three = await open();
  three.send("again");
  await three.received("again");
});

test("[testing.proxy.pause] what was sent during a pause arrives after it", async () => {
  const { proxy, open, openDirectly } = await startEcho();
  const [old, direct] = [await open(), await openDirectly()];
  old.send("before ");
  await old.received("before ");
  proxy.pause();
  old.send("during");
  const fresh = await open();
  fresh.send("new");
  // By then it would have come, if it came.
  for (const sent of ["1", "12", "123", "1234", "12345"]) {
    direct.send(sent.at(-1) ?? "");
    await direct.received(sent);
  }
  expect([old.text, fresh.text]).toEqual(["before ", ""]);
  proxy.resume();
  await old.received("before during");
  await fresh.received("new");
});

test("[testing.proxy.black_hole] a black hole swallows silently, and what it held stays dead after it", async () => {
  const { proxy, open, served } = await startEcho();
  const old = await open();
  old.send("before");
  await old.received("before");
  proxy.blackHole();
  const swallowed = await open();
  old.send("lost");
  swallowed.send("lost");
  // The server's side goes away, and nobody is told.
  for (const socket of served) socket.destroy();
  await vi.waitFor(() => expect(served.size).toBe(0), 20_000);
  proxy.resume();
  const fresh = await open();
  fresh.send("passes");
  await fresh.received("passes");
  expect([old.text, swallowed.text]).toEqual(["before", ""]);
  expect(proxy.connections).toBe(3);
});
