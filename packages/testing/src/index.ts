export * from "./mcp/index.ts";
export * from "./redis/index.ts";
