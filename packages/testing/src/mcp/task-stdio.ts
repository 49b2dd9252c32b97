/** A stdio server with tools that run as tasks of protocol 2025-11-25 only, as a program. */
import { setTimeout as delay } from "node:timers/promises";
import { InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const taskStore = new InMemoryTaskStore();
const server = new McpServer(
  { name: "millrace-task-fixture", version: "1.0.0" },
  { capabilities: { tasks: { requests: { tools: { call: {} } }, cancel: {} } }, taskStore },
);
const cancelled: string[] = [];

server.experimental.tasks.registerToolTask(
  "long",
  {
    description: "Reports three steps, takes so many milliseconds, and tells what it was called with",
    inputSchema: { ms: z.int(), fails: z.boolean().default(false) },
    execution: { taskSupport: "required" },
  },
  {
    async createTask({ ms, fails }, { taskStore: store, sendNotification, _meta }) {
      const task = await store.createTask({ ttl: 60_000, pollInterval: 50 });
      const progressToken = _meta?.progressToken;
      const run = async () => {
        for (let step = 1; step <= 3; step += 1) {
          if (progressToken === undefined) break;
          const params = { progressToken, progress: step, total: 3 };
          await sendNotification({ method: "notifications/progress", params });
        }
        await delay(ms);
        const { status } = await store.getTask(task.taskId);
        if (status === "cancelled") {
          cancelled.push(task.taskId);
          return;
        }
        const content = [{ type: "text" as const, text: fails ? "it went wrong" : `took ${ms} ms` }];
        await store.storeTaskResult(task.taskId, fails ? "failed" : "completed", { content, isError: fails });
      };
      run().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
      return { task };
    },
    getTask: async (_arguments, { taskId, taskStore: store }) => await store.getTask(taskId),
    getTaskResult: async (_arguments, { taskId, taskStore: store }) =>
      (await store.getTaskResult(taskId)) as never,
  },
);
server.registerTool("cancelled", { description: "How many tasks were cancelled" }, () => ({
  content: [{ type: "text", text: String(cancelled.length) }],
}));
server.registerTool("meta", { description: "The _meta of its call" }, ({ _meta }) => ({
  content: [{ type: "text", text: JSON.stringify(_meta ?? {}) }],
}));
await server.connect(new StdioServerTransport());
