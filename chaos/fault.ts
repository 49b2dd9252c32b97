/** Places of the processes under test. A process that ends is replaced in its place. */
export const WORKERS = 3;
export const APIS = 2;

export const MCP_SERVERS = ["ledger", "notes"] as const;
type McpServerName = (typeof MCP_SERVERS)[number];

/** A process of the fleet: its kind, and its place from 0. */
export interface Place {
  readonly kind: "worker" | "api";
  readonly index: number;
}

/** Milliseconds that a process is away, stopped, or cut off. */
interface Lasting {
  readonly ms: number;
}

/**
 * Something that goes wrong:
 *
 * | fault                | what is done                                                                     |
 * | -------------------- | -------------------------------------------------------------------------------- |
 * | `kill`               | SIGKILL, and a new process in its place after `ms`                               |
 * | `pause`              | SIGSTOP, and SIGCONT after `ms`                                                  |
 * | `drain`              | SIGTERM, with a new process in its place at once                                 |
 * | `mcp.kill`           | SIGKILL of one MCP server of a worker                                            |
 * | `mcp.pause`          | SIGSTOP of one MCP server of a worker, and SIGCONT after `ms`                    |
 * | `redis.restart`      | SIGKILL of Redis, started again on its append-only file after `ms`               |
 * | `network.cut`        | every connection between a process and Redis breaks                              |
 * | `network.pause`      | nothing passes between a process and Redis for `ms`; afterwards all of it does   |
 * | `network.black_hole` | the same, but the connections stay dead afterwards, and nobody is told           |
 * | `reload`             | the file of the MCP servers changes, and an api is told to reload                |
 */
export type Fault =
  | ({ readonly type: "kill" | "pause"; readonly place: Place } & Lasting)
  | { readonly type: "drain" | "network.cut"; readonly place: Place }
  | ({ readonly type: "network.pause" | "network.black_hole"; readonly place: Place } & Lasting)
  | { readonly type: "mcp.kill"; readonly worker: number; readonly server: McpServerName }
  | ({ readonly type: "mcp.pause"; readonly worker: number; readonly server: McpServerName } & Lasting)
  | ({ readonly type: "redis.restart" } & Lasting)
  | {
      readonly type: "reload";
      /** Calls at once that each server takes from then on. */ readonly atOnce: number;
    };

export interface PlannedFault {
  /** Milliseconds after the first job. */
  readonly atMs: number;
  readonly fault: Fault;
}

/** Such as `worker.kill`: what reports count by. */
export function faultName(fault: Fault): string {
  const { type } = fault;
  if (type === "kill" || type === "pause" || type === "drain") return `${fault.place.kind}.${type}`;
  return type;
}

/** In one line, for the log of a run. */
export function describeFault(fault: Fault): string {
  const where =
    "place" in fault
      ? `${fault.place.kind} ${fault.place.index}`
      : "worker" in fault
        ? `${fault.server} of worker ${fault.worker}`
        : "";
  const howLong = "ms" in fault ? `${fault.ms} ms` : "";
  return [faultName(fault), where, howLong].filter((part) => part !== "").join(", ");
}
