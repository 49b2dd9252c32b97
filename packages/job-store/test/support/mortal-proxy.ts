import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Commands that change nothing that outlasts a process; all others are counted. */
const HARMLESS = new Set(
  "hello client info ping select auth subscribe unsubscribe script time publish bzpopmin get hget hgetall hmget lindex llen lrange exists zcard zcount zrange zrangebyscore zrevrangebylex zscore pttl smembers hexists".split(
    " ",
  ),
);

/** One process' way to Redis, which ends before one of its commands as if the process were killed there. */
export interface MortalProxy {
  readonly url: string;
  readonly isDead: boolean;
  /** Resolves when it dies, which may be never. */
  readonly died: Promise<void>;
  /** Lets new connections pass, so that what was cut off can be closed. Those that died stay dead. */
  revive(): void;
  close(): Promise<void>;
}

/** Dies before command number `fatal`, counted from 1 over all connections. */
export async function startMortalProxy(redisUrl: string, fatal: number): Promise<MortalProxy> {
  const { hostname: host, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  const death = Promise.withResolvers<void>();
  let state: "alive" | "dead" | "revived" = "alive";
  let commands = 0;

  const server = createServer((client) => {
    const isStillborn = state === "dead";
    const upstream = isStillborn ? null : connect(Number(port), host);
    const pair = upstream ? [client, upstream] : [client];
    for (const socket of pair) {
      sockets.add(socket.on("error", () => undefined).setNoDelay(true));
      socket.once("close", () => {
        sockets.delete(socket);
        for (const other of pair) other.destroy();
      });
    }
    const reader = new CommandReader();
    let isCut = isStillborn;
    client.on("data", (chunk) => {
      for (const { name, bytes } of reader.read(chunk)) {
        if (state === "alive" && !HARMLESS.has(name)) {
          commands += 1;
          if (commands >= fatal) {
            state = "dead";
            death.resolve();
          }
        }
        isCut ||= state === "dead";
        if (!isCut) upstream?.write(bytes);
      }
    });
    upstream?.on("data", (chunk) => {
      isCut ||= state === "dead";
      if (!isCut) client.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get isDead() {
      return state === "dead";
    },
    died: death.promise,
    revive: () => {
      state = "revived";
      cutAll();
    },
    close: async () => {
      const closed = once(server, "close");
      server.close();
      cutAll();
      await closed;
    },
  };
}

/** Finds the commands in what a client sends: arrays of bulk strings (RESP). */
class CommandReader {
  #rest = Buffer.alloc(0);

  read(chunk: Buffer): { name: string; bytes: Buffer }[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const commands: { name: string; bytes: Buffer }[] = [];
    for (let found = this.#next(); found; found = this.#next()) commands.push(found);
    return commands;
  }

  #next(): { name: string; bytes: Buffer } | null {
    const count = this.#number(0);
    if (!count) return null;
    let position = count.end;
    let name = "";
    for (let part = 0; part < count.value; part += 1) {
      const length = this.#number(position);
      if (!length || this.#rest.length < length.end + length.value + 2) return null;
      if (part === 0) name = this.#rest.toString("latin1", length.end, length.end + length.value);
      position = length.end + length.value + 2;
    }
    const bytes = this.#rest.subarray(0, position);
    this.#rest = this.#rest.subarray(position);
    return { name: name.toLowerCase(), bytes };
  }

  /** A line such as `*3` or `$10` from `start` on. */
  #number(start: number): { value: number; end: number } | null {
    const end = this.#rest.indexOf("\r\n", start);
    return end < 0 ? null : { value: Number(this.#rest.toString("latin1", start + 1, end)), end: end + 2 };
  }
}
