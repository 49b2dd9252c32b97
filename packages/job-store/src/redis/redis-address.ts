import type { RedisOptions } from "ioredis";

/** Options of one connection. The form of replies is no option: everything here expects the library's default. */
export type NodeOptions = Omit<RedisOptions, "replyMapping">;

/** One node of a Cluster, as the configuration names it. */
interface ClusterNode {
  host: string;
  port: number;
}

export interface ClusterAddress {
  nodes: readonly [ClusterNode, ...ClusterNode[]];
  /** The same for every node. */
  access: Pick<NodeOptions, "username" | "password" | "tls">;
}

const CLUSTER = /^(rediss?)\+cluster:\/\/(?:([^@]*)@)?([^/?#]+)/;
const DEFAULT_PORT = 6379;

/**
 * Reads `redis+cluster://user:password@host:port,host:port`, and `rediss+cluster://…` with TLS. Some of the nodes are
 * enough: they name the others. Null when the URL is that of a single Redis.
 */
export function parseClusterUrl(url: string): ClusterAddress | null {
  const [, scheme, credentials, hosts = ""] = CLUSTER.exec(url) ?? [];
  if (scheme === undefined) return null;
  const [first, ...others] = hosts.split(",").map((host) => {
    const { hostname, port } = new URL(`redis://${host}`);
    return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? DEFAULT_PORT : Number(port) };
  });
  if (!first) return null;
  const { username, password } = new URL(`redis://${credentials ? `${credentials}@` : ""}host`);
  return {
    nodes: [first, ...others],
    access: {
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
      ...(scheme === "rediss" ? { tls: {} } : {}),
    },
  };
}

/** The address as it may be shown. */
export function withoutCredentials(url: string): string {
  const cluster = parseClusterUrl(url);
  if (cluster) return cluster.nodes.map(({ host, port }) => `${host}:${port}`).join(", ");
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : "REDIS_URL";
}
