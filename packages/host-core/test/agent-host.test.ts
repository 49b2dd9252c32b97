import { expect, test } from "vitest";
import { fixture, startHost, structured } from "./hosts.ts";
import { ScriptedLog, startAgent } from "./scripted-agent.ts";
import { resultOf } from "./scripted-model.ts";

test("[agent.host.calls] over the real host: answers, refused arguments, progress and a tool's own error", async () => {
  const host = await startHost([fixture("std")]);
  const { outcome, log, model } = await startAgent({
    tools: host,
    script: [
      {
        calls: [
          { id: "add", name: "std__add", input: { a: 2, b: 3 } },
          { id: "bad", name: "add", input: { a: "two" } },
          { id: "fail", name: "fail" },
          { id: "steps", name: "progress", input: { steps: 3 } },
        ],
      },
      { text: "done" },
    ],
  });
  expect(outcome).toMatchObject({ status: "completed", usage: { turns: 2, tool_calls: 4 } });
  const [, second] = model.requests;
  expect(resultOf(second, "add")).toMatchObject({ is_error: false, content: [{ text: "5" }] });
  expect(resultOf(second, "bad")).toMatchObject({
    is_error: true,
    content: [{ text: expect.stringMatching(/do not fit[^]*arguments\.b/) }],
  });
  expect(resultOf(second, "fail")).toMatchObject({ is_error: true });
  expect(log.of("tool.progress").at(-1)).toMatchObject({ tool_call_id: "steps", progress: 3, total: 3 });
});

test("[agent.host.abort] over the real host an abort proves which tool has stopped and which ignored it", async () => {
  const host = await startHost([fixture("std")]);
  const controller = new AbortController();
  const log = new ScriptedLog();
  const started = startAgent({
    log,
    tools: host,
    signal: controller.signal,
    script: [
      {
        calls: [
          { id: "gives_in", name: "std__wait", input: { ms: 30_000 } },
          { id: "goes_on", name: "std__stubborn", input: { ms: 1_500 } },
        ],
      },
    ],
  });
  await expect
    .poll(() => structured(host, "std", "stats"), { timeout: 15_000 })
    .toMatchObject({ running: 2 });
  controller.abort(new Error("cancelled"));
  const { outcome } = await started;
  expect(outcome).toMatchObject({
    status: "stopped",
    cancellation: {
      completed: [],
      stopped: [{ tool_call_id: "gives_in", tool: "std__wait" }],
      ignored: [{ tool_call_id: "goes_on", tool: "std__stubborn" }],
      model_stopped: false,
    },
  });
});
