import { Redis } from "ioredis";

const SHOWN_KEYS = 20;

/** The keys and the client connections that are still in Redis, one line each. */
export async function leftInRedis(url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    const [count, ownId, clients] = await Promise.all([
      redis.dbsize(),
      redis.client("ID"),
      redis.client("LIST"),
    ]);
    return [...(await keyLines(redis, count)), ...clientLines(String(clients), String(ownId))];
  } finally {
    redis.disconnect();
  }
}

async function keyLines(redis: Redis, count: number): Promise<string[]> {
  if (count === 0) return [];
  const keys = (await redis.keys("*")).toSorted();
  const lines = keys.slice(0, SHOWN_KEYS).map((key) => `Redis key ${key}`);
  return keys.length > SHOWN_KEYS ? [...lines, `and ${keys.length - SHOWN_KEYS} keys more`] : lines;
}

/** A line of CLIENT LIST is "id=3 addr=127.0.0.1:5000 … name=api cmd=subscribe …". */
function clientLines(list: string, ownId: string): string[] {
  return list
    .trim()
    .split("\n")
    .map((line) => new Map(line.split(" ").map((field) => field.split("=", 2) as [string, string])))
    .filter((client) => client.get("id") !== ownId)
    .map(
      (client) =>
        `Redis connection "${client.get("name")}" from ${client.get("addr")}, last ${client.get("cmd")}`,
    );
}
