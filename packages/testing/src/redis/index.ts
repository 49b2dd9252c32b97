export * from "./left-in-redis.ts";
export * from "./redis-cluster.ts";
export * from "./redis-pair.ts";
export * from "./redis-process.ts";
export * from "./start-redis.ts";
