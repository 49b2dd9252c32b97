import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { ClusterAddress, NodeOptions } from "./redis-address.ts";
import { createSlotPipeline } from "./slot-pipeline.ts";

/** For as long as it takes. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const RETRY_DELAY_MS = 100;

interface ClusterConnectionOptions {
  address: ClusterAddress;
  /** Options of the connection to each node. */
  options: NodeOptions;
  /** Commands wait for a node that is away, and are sent again after a failover. */
  isPatient: boolean;
  /** Called with the connection to each node. */
  onNode: (node: Redis) => void;
}

/**
 * Opens a connection to a Cluster, with pipelines that span its nodes. It is used as a {@link Redis} is: in what this
 * package does with it the two are the same.
 */
export function openCluster({ address, options, isPatient, onNode }: ClusterConnectionOptions): Redis {
  const { retryStrategy, enableOfflineQueue = true, enableAutoPipelining: _, ...redisOptions } = options;
  const cluster = new Cluster([...address.nodes], {
    redisOptions: { ...redisOptions, ...address.access },
    enableOfflineQueue,
    // The check is a command, and may come before a connection that takes it.
    enableReadyCheck: false,
    clusterRetryStrategy: (times) => retryStrategy?.(times),
    maxRedirections: isPatient ? UNLIMITED : 5,
    retryDelayOnFailover: isPatient ? RETRY_DELAY_MS : 0,
    retryDelayOnClusterDown: isPatient ? RETRY_DELAY_MS : 0,
    retryDelayOnTryAgain: RETRY_DELAY_MS,
  });
  cluster.pipeline = () => createSlotPipeline(cluster);
  cluster.on("+node", (node: Redis) => {
    onNode(node);
    // Where nothing waits for a connection, it has to be there before the first command.
    if (node.status === "wait") node.connect().catch(() => undefined);
  });
  return cluster as unknown as Redis;
}

/** A Cluster's own connections, to each of its nodes; none of a single Redis. */
export function nodesOf(redis: unknown): Redis[] {
  return redis instanceof Cluster ? redis.nodes() : [];
}

/**
 * Opens a connection to one node of a Cluster after the other: the next one whenever it breaks. What is published on
 * any node arrives at all of them.
 */
export function openAnyNode({ nodes, access }: ClusterAddress, options: NodeOptions): Redis {
  let attempts = 0;
  const retryStrategy: NonNullable<RedisOptions["retryStrategy"]> = (times) => {
    attempts += 1;
    Object.assign(redis.options, nodes[attempts % nodes.length]);
    return options.retryStrategy?.(times);
  };
  const redis: Redis = new Redis({ ...nodes[0], ...options, ...access, retryStrategy });
  return redis;
}
