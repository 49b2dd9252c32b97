import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** The way to a Redis that is far away. */
export interface FarProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** What either side sends arrives so many milliseconds later. */
export async function startFarProxy(redisUrl: string, latencyMs: number): Promise<FarProxy> {
  const { hostname: host, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from.on("error", () => undefined).setNoDelay(true));
    // Timers of one duration fire in the order in which they were set.
    from.on("data", (chunk) => void setTimeout(() => to.write(chunk), latencyMs));
    from.once("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    pass(client, upstream);
    pass(upstream, client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
