import { z } from "zod";
import { ServerStatus } from "./mcp-server.ts";

const perType = z.object({ tool: z.int(), chat: z.int() });

/** A live worker as `GET /workers` shows it. */
export const Worker = z
  .object({
    id: z.string(),
    host: z.string(),
    version: z.string(),
    started_at: z.iso.datetime(),
    concurrency: perType.describe("How many jobs the worker runs at once."),
    running: perType,
    servers: z.record(z.string(), ServerStatus),
    heartbeat_age_ms: z.int(),
  })
  .meta({ id: "Worker" });
export type Worker = z.infer<typeof Worker>;

export const WorkerList = z.object({ workers: z.array(Worker) }).meta({ id: "WorkerList" });
export type WorkerList = z.infer<typeof WorkerList>;
