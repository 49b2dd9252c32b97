import { setImmediate } from "node:timers/promises";
import { createHost, createServerSettings } from "@millrace/host-core";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { jobTools } from "./job-tools.ts";

test("[worker.access.connecting] a job waits for no server that its key may not use", async () => {
  const transport = { type: "stdio", command: "never-started", args: [], env: {} } as const;
  const servers = ["open", "secret"].map((name) => createServerSettings({ name, transport }));
  // Not started, so both are connecting.
  const host = createHost({ servers, logger: pino({ level: "silent" }) });
  onTestFinished(() => host.close());
  const tools = (pattern: string) =>
    jobTools(host, { toolAccess: { servers: [pattern] }, traceparent: "00-trace" });
  const controller = new AbortController();
  const { signal } = controller;
  await tools("open").whenSettled(["secret"], signal);
  await tools("other").whenSettled(undefined, signal);

  const waiting = [undefined, ["open", "secret"]].map((names) => tools("open").whenSettled(names, signal));
  const ends = Promise.allSettled(waiting);
  await setImmediate();
  const reason = new Error("no longer wanted");
  controller.abort(reason);
  expect(await ends).toEqual(waiting.map(() => ({ status: "rejected", reason })));
});
