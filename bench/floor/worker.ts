/** The floor's worker: BullMQ with its default settings, one warm MCP server, and the result published. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import type { FloorJob } from "./job.ts";

const redis = new Redis(String(process.env["REDIS_URL"]), { maxRetriesPerRequest: null });
const client = new Client({ name: "floor", version: "1.0.0" });
const args = [String(process.env["MCP_SERVER_PROGRAM"])];
await client.connect(new StdioClientTransport({ command: process.execPath, args }));

const worker = new Worker<FloorJob>(
  "floor",
  async ({ data }) => {
    const result = await client.callTool({ name: data.tool, arguments: data.arguments });
    await redis.publish(data.channel, JSON.stringify({ id: data.id, result }));
  },
  { connection: redis, concurrency: 50 },
);
worker.on("error", (error) => process.stderr.write(`${error.message}\n`));
process.once("SIGTERM", () => process.exit());
