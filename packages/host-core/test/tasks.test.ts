import { expect, test } from "vitest";
import { TASK_STDIO_PROGRAM } from "@millrace/testing";
import { callText, connect, connections, patience, type OpenedConnection } from "./connections.ts";
import { settings } from "./hosts.ts";

async function openTasks(): Promise<OpenedConnection> {
  const transport = {
    type: "stdio",
    command: process.execPath,
    args: [TASK_STDIO_PROGRAM],
    env: {},
  } as const;
  const opened = await connect(connections(), settings("tasks", transport));
  await opened.connection.listTools(patience());
  return opened;
}

test("[tasks.call] a tool that runs as a task is called like any other, with its progress", async () => {
  const { connection } = await openTasks();
  const steps: number[] = [];
  const result = await connection.callTool(
    "long",
    { ms: 120 },
    { signal: patience(), onProgress: ({ progress }) => steps.push(progress) },
  );
  expect(result).toMatchObject({ content: [{ type: "text", text: "took 120 ms" }], isError: false });
  expect(steps).toEqual([1, 2, 3]);
});

test("[tasks.call] a task that fails is a result that says so", async () => {
  const { connection } = await openTasks();
  const result = await connection.callTool("long", { ms: 1, fails: true }, { signal: patience() });
  expect(result).toMatchObject({ content: [{ type: "text", text: "it went wrong" }], isError: true });
});

test("[tasks.refused] what the server refuses is refused, and not a lost connection", async () => {
  const { connection } = await openTasks();
  await expect(connection.callTool("long", { ms: "soon" }, { signal: patience() })).rejects.toMatchObject({
    name: "RequestRejectedError",
  });
});

test("[tasks.cancel] an aborted call rejects at once and its task is cancelled, with proof", async () => {
  const opened = await openTasks();
  const controller = new AbortController();
  const proof = Promise.withResolvers<boolean>();
  const started = Promise.withResolvers<void>();
  const call = opened.connection.callTool(
    "long",
    { ms: 400 },
    {
      signal: controller.signal,
      onProgress: () => started.resolve(),
      onAborted: (watch) => void watch().then(proof.resolve),
    },
  );
  await started.promise;
  controller.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
  expect(await proof.promise).toBe(true);
  await expect.poll(() => callText(opened, "cancelled"), { timeout: 10_000 }).toBe("1");
});
