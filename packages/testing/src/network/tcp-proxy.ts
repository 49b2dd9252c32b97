import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * Stands between a process and a server, and does to their connections what networks do. Several faults at once, or
 * the same one twice, are harmless.
 *
 * passing ──pause──▶ paused ──resume──▶ passing; passing or paused ──blackHole──▶ black hole ──resume──▶ passing.
 */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections that clients hold now. */
  readonly connections: number;
  /** What the target has sent on the connections that clients hold now, in bytes. */
  readonly bytesSent: number;
  /** Breaks every connection. New ones pass at once. */
  cut(): void;
  /** Nothing passes. What is sent meanwhile arrives after `resume`, as after a short break of the network. */
  pause(): void;
  /**
   * From now on nothing passes, on connections that are there and on those that come, and nobody is told. `resume`
   * lets new connections pass; these stay dead, as when a firewall has forgotten them.
   */
  blackHole(): void;
  /** Ends `pause` and `blackHole`. */
  resume(): void;
  /** Breaks every connection and takes no more. Harmless when repeated. */
  close(): Promise<void>;
}

type Mode = "passing" | "paused" | "black hole";

export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const links = new Set<Link>();
  let mode: Mode = "passing";
  const server = createServer((client) => {
    const link = new Link(client, target, mode);
    links.add(link);
    client.once("close", () => links.delete(link));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const change = (next: Mode): void => {
    mode = next;
    for (const link of links) link.change(next);
  };
  const cut = (): void => {
    for (const link of links) link.destroy();
  };
  const close = async (): Promise<void> => {
    cut();
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    await closed;
  };
  return {
    port,
    get connections() {
      return links.size;
    },
    get bytesSent() {
      return [...links].reduce((sum, link) => sum + link.bytesSent, 0);
    },
    cut,
    pause: () => mode === "passing" && change("paused"),
    blackHole: () => change("black hole"),
    resume: () => change("passing"),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One client's connection and, unless it came into a black hole, its own connection to the target. */
class Link {
  readonly #client: Socket;
  readonly #upstream: Socket | null;
  #mode: Mode = "passing";
  /** The target has gone; the client hears of it when something can pass. */
  #hasEnded = false;

  constructor(client: Socket, { host, port }: { host: string; port: number }, mode: Mode) {
    this.#client = client;
    this.#upstream = mode === "black hole" ? null : connect({ host, port, noDelay: true });
    client.setNoDelay(true);
    client.on("error", () => {}); // its "close" follows
    client.once("close", () => this.#upstream?.destroy());
    this.#upstream?.on("error", () => {}).once("close", () => this.#end());
    this.#join();
    this.change(mode);
  }

  get bytesSent(): number {
    return this.#upstream?.bytesRead ?? 0;
  }

  change(mode: Mode): void {
    // What has gone into a black hole never comes out.
    if (this.#mode === "black hole" || mode === this.#mode) return;
    this.#mode = mode;
    if (mode === "passing") {
      if (this.#hasEnded) this.destroy();
      else this.#join();
      return;
    }
    this.#part();
    // Read and thrown away: a sender must not notice by a full buffer either.
    if (mode === "black hole") for (const socket of this.#sockets) socket.resume();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get #sockets(): Socket[] {
    return this.#upstream ? [this.#client, this.#upstream] : [this.#client];
  }

  #join(): void {
    if (!this.#upstream) return;
    this.#client.pipe(this.#upstream);
    this.#upstream.pipe(this.#client);
  }

  #part(): void {
    if (!this.#upstream) return;
    this.#client.unpipe(this.#upstream).pause();
    this.#upstream.unpipe(this.#client).pause();
  }

  #end(): void {
    this.#hasEnded = true;
    if (this.#mode === "passing") this.#client.destroy();
  }
}
