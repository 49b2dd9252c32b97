import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { startTcpProxy } from "../network/index.ts";
import { startRedisProcess } from "./redis-process.ts";

const POLL_MS = 20;

/** A primary with a replica, under one address that leads to whichever is the primary. */
export interface RedisPair extends AsyncDisposable {
  readonly url: string;
  /**
   * The replica becomes the primary, and the old primary its replica, as after a planned failover. Connections stay
   * where they are, so those that are there lead to one that takes no writes. Resolves once the address leads to the
   * new primary.
   */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

export async function startRedisPair(): Promise<RedisPair> {
  await using stack = new AsyncDisposableStack();
  const quick = { "repl-diskless-sync-delay": 0 };
  const first = stack.use(await startRedisProcess({ settings: quick }));
  const settings = { ...quick, replicaof: `127.0.0.1 ${first.port}` };
  const second = stack.use(await startRedisProcess({ settings }));
  let primary = connect(first.port);
  let replica = connect(second.port);
  stack.defer(() => [primary, replica].forEach(({ client }) => client.disconnect()));
  await untilInStep(replica.client);
  const target = { host: "127.0.0.1", port: first.port };
  const proxy = stack.use(await startTcpProxy(target));

  const parts = stack.move();
  const close = () => parts.disposeAsync();
  return {
    url: `redis://127.0.0.1:${proxy.port}`,
    failOver: async () => {
      // Nothing is lost: no write is taken until the replica has all of them.
      await primary.client.call("CLIENT", "PAUSE", 60_000, "WRITE");
      await untilEqual(primary.client, replica.client);
      await replica.client.replicaof("NO", "ONE");
      await primary.client.replicaof("127.0.0.1", String(replica.port));
      await primary.client.call("CLIENT", "UNPAUSE");
      [primary, replica] = [replica, primary];
      target.port = primary.port;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function connect(port: number): { port: number; client: Redis } {
  return { port, client: new Redis(port, "127.0.0.1") };
}

async function untilInStep(replica: Redis): Promise<void> {
  while (!(await replica.info("replication")).includes("master_link_status:up")) await delay(POLL_MS);
}

async function untilEqual(primary: Redis, replica: Redis): Promise<void> {
  while ((await offset(primary, "master_repl_offset")) > (await offset(replica, "slave_repl_offset"))) {
    await delay(POLL_MS);
  }
}

async function offset(redis: Redis, name: string): Promise<number> {
  const [, value] = new RegExp(`^${name}:(\\d+)`, "m").exec(await redis.info("replication")) ?? [];
  return Number(value);
}
