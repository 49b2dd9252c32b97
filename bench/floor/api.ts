/**
 * The floor's api: the shortest program that turns a request into a job and answers with its result. It keeps no
 * record and no log, checks nothing, and forgets what it waits for when it ends.
 */
import { randomUUID } from "node:crypto";
import { serve } from "@hono/node-server";
import { Queue } from "bullmq";
import { Hono } from "hono";
import { Redis } from "ioredis";
import type { FloorJob } from "./job.ts";

const channel = `floor:${process.pid}`;
const redis = new Redis(String(process.env["REDIS_URL"]), { maxRetriesPerRequest: null });
const subscriber = redis.duplicate();
const queue = new Queue<FloorJob>("floor", { connection: redis });
const waiting = new Map<string, (result: object) => void>();

subscriber.on("message", (_channel, text) => {
  const { id, result } = JSON.parse(text) as { id: string; result: object };
  waiting.get(id)?.(result);
  waiting.delete(id);
});
await subscriber.subscribe(channel);

const app = new Hono().post("/jobs", async (c) => {
  const id = randomUUID();
  const request = await c.req.json<Pick<FloorJob, "tool" | "arguments">>();
  const result = new Promise<object>((resolve) => waiting.set(id, resolve));
  const data = { id, channel, tool: request.tool, arguments: request.arguments };
  await queue.add("tool", data, { removeOnComplete: true });
  return c.json(await result);
});
serve({ fetch: app.fetch, port: Number(process.env["PORT"]), hostname: "127.0.0.1" });
process.once("SIGTERM", () => process.exit());
