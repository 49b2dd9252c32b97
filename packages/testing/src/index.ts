export * from "./mcp/index.ts";
export * from "./model/index.ts";
export * from "./network/index.ts";
export * from "./redis/index.ts";
// Of the two of this name, the one that a test has reason to write down.
export type { RecordedRequest } from "./model/index.ts";
