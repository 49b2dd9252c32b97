import { expect, test } from "vitest";
import type { JobStep } from "@millrace/contracts";
import type { AgentTools } from "../src/agent/agent.ts";
import { fixture, makeHost, report, startHost, structured } from "./hosts.ts";
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
          { id: "goes_on", name: "std__stubborn", input: { ms: 3_000 } },
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

/** The host, and a word of each call that has to wait. */
function watchWaiting(host: AgentTools, onWaiting: () => void): AgentTools {
  return {
    tools: () => host.tools(),
    approvalPolicy: (tool) => host.approvalPolicy(tool),
    whenSettled: (servers, signal) => host.whenSettled(servers, signal),
    callTool: (request) =>
      host.callTool({
        ...request,
        onWaiting: (reason) => {
          request.onWaiting?.(reason);
          onWaiting();
        },
      }),
  };
}

test("[agent.host.drain] over the real host a call that waits for a place when its worker shuts down is made by the next", async () => {
  const host = await startHost([fixture("std", [], { maxConcurrentTools: 1 })]);
  const draining = new AbortController();
  const log = new ScriptedLog();
  const calls = [
    { id: "runs", name: "std__wait", input: { ms: 200 } },
    { id: "waits", name: "std__add", input: { a: 2, b: 3 } },
  ];
  const script = [{ calls }, { text: "done" }];
  const tools = watchWaiting(host, () => draining.abort());
  const first = await startAgent({ log, script, tools, draining: draining.signal });
  expect(first.outcome).toEqual({ status: "yielded" });
  expect(log.of("tool.postponed")).toMatchObject([{ tool_call_id: "waits" }]);
  expect(log.of("tool.returned")).toMatchObject([{ tool_call_id: "runs", is_error: false }]);
  const { outcome, model } = await startAgent({ log, script, tools: host });
  expect(outcome).toMatchObject({ status: "completed", usage: { tool_calls: 2 } });
  expect(resultOf(model.requests[0], "waits")).toMatchObject({ content: [{ text: "5" }] });
});

test("[agent.host.connecting] a chat waits for its own servers while they connect, and for no others", async () => {
  const host = makeHost([fixture("young"), fixture("mute", ["--hang-initialize"])]);
  host.start();
  const { outcome, log } = await startAgent({
    tools: host,
    script: [{ calls: [{ id: "c1", name: "young__add", input: { a: 2, b: 3 } }] }, { text: "done" }],
    request: { mcp_servers: ["young"], tool_choice: { type: "tool", name: "young__add" } },
  });
  expect(outcome).toMatchObject({ status: "completed", usage: { tool_calls: 1 } });
  expect(log.of("job.warning")).toEqual([]);
  expect(log.of("tool.returned")).toMatchObject([{ is_error: false }]);
  expect(report(host, "mute").status).toBe("connecting");

  const draining = new AbortController();
  const waiting = startAgent({ tools: host, script: [], draining: draining.signal });
  draining.abort();
  expect((await waiting).outcome).toEqual({ status: "yielded" });
  const plain = await startAgent({ tools: host, script: [{ text: "hi" }], request: { enable_mcp: false } });
  expect(plain.outcome).toMatchObject({ status: "completed" });
});

test("[agent.host.connecting] calls that an earlier worker has begun, or that were approved, wait for their server", async () => {
  const calls = [
    { id: "begun", name: "young__echo", input: { text: "hi" } },
    { id: "approved", name: "young__add", input: { a: 2, b: 3 } },
  ];
  const script = [{ calls }, { text: "done" }];
  const first = await startAgent({ script, tools: { young__echo: {}, young__add: { policy: "always" } } });
  const approval: JobStep = {
    type: "approval.resolved",
    tool_call_id: "approved",
    tool: "young__add",
    decision: "approve",
    reason: null,
    arguments: null,
  };
  const cut = first.log.steps.filter(({ type }) => type !== "tool.returned");
  const host = makeHost([fixture("young")]);
  host.start();
  const log = new ScriptedLog([...cut, approval]);
  const { outcome, model } = await startAgent({ log, script, tools: host });
  expect(outcome).toMatchObject({ status: "completed" });
  expect(resultOf(model.requests[0], "begun")).toMatchObject({ content: [{ text: "hi" }] });
  expect(resultOf(model.requests[0], "approved")).toMatchObject({ content: [{ text: "5" }] });
});
