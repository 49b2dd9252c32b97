import { setTimeout as delay } from "node:timers/promises";
import getPort from "get-port";
import { Redis } from "ioredis";
import { startRedisProcess, type RedisProcess } from "./redis-process.ts";

const SLOTS = 16_384;
const NODES = 3;
const POLL_MS = 20;

/** A Redis Cluster of one's own: three masters without replicas, each with a third of the slots. */
export interface RedisCluster extends AsyncDisposable {
  /** `redis+cluster://host:port,host:port,host:port` */
  readonly url: string;
  readonly nodes: readonly RedisProcess[];
  /** The keys of one node. */
  keysOf(node: number): Promise<string[]>;
  close(): Promise<void>;
}

export async function startRedisCluster(): Promise<RedisCluster> {
  await using stack = new AsyncDisposableStack();
  const members = await Promise.all(
    Array.from({ length: NODES }, async () => {
      const busPort = await getPort({ host: "127.0.0.1" });
      const settings = {
        "cluster-enabled": "yes",
        "cluster-port": busPort,
        "cluster-node-timeout": 15_000,
      };
      const node = stack.use(await startRedisProcess({ settings }));
      const client = new Redis(node.url);
      stack.defer(() => client.disconnect());
      return { node, client, busPort };
    }),
  );
  await joinNodes(members);

  const nodes = members.map(({ node }) => node);
  const clients = members.map(({ client }) => client);
  const parts = stack.move();
  const close = () => parts.disposeAsync();
  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    nodes,
    keysOf: async (node) => (await clients[node]?.keys("*")) ?? [],
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Member {
  node: RedisProcess;
  client: Redis;
  busPort: number;
}

/** Shares out the slots and waits until every node knows of all of them. */
async function joinNodes(members: readonly Member[]): Promise<void> {
  const [first] = members;
  for (const [index, { client }] of members.entries()) {
    const from = Math.ceil((index * SLOTS) / members.length);
    const to = Math.ceil(((index + 1) * SLOTS) / members.length) - 1;
    await client.call("CLUSTER", "ADDSLOTSRANGE", from, to);
    await client.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
    if (first && index > 0) await client.call("CLUSTER", "MEET", "127.0.0.1", first.node.port, first.busPort);
  }
  for (const { client } of members) {
    while (!(await knowsAll(client, members.length))) await delay(POLL_MS);
  }
}

async function knowsAll(client: Redis, count: number): Promise<boolean> {
  const info = String(await client.call("CLUSTER", "INFO"));
  return (
    info.includes("cluster_state:ok") &&
    info.includes(`cluster_slots_ok:${SLOTS}`) &&
    info.includes(`cluster_size:${count}`)
  );
}
