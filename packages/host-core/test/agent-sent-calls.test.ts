import { jobError } from "@millrace/contracts";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ToolCallRequest } from "../src/tool-call-request.ts";
import { ScriptedLog, startAgent, textOutcome } from "./scripted-agent.ts";

const done = { text: "done" };
const asking = (...names: string[]) => ({ calls: names.map((name) => ({ id: name, name })) });

test("[agent.tools.held] a call that had to wait is not sent by a start that has lost its job meanwhile", async () => {
  const lost = new Error("another start holds the job");
  const log = new ScriptedLog();
  let sent = 0;
  const waits = async ({ onWaiting, onRunning }: ToolCallRequest) => {
    onWaiting?.("place");
    const now = performance.now() + 1_001;
    const clock = vi.spyOn(performance, "now").mockReturnValue(now);
    onTestFinished(() => clock.mockRestore());
    log.onWrite = () => Promise.reject(lost);
    await onRunning?.();
    sent += 1;
    return textOutcome("sent");
  };
  const tools = { files__read: { call: waits } };
  await expect(startAgent({ log, tools, script: [asking("files__read"), done] })).rejects.toBe(lost);
  expect(sent).toBe(0);
  // It asks by writing nothing.
  expect(log.writes.at(-1)).toEqual([]);
});

test("[agent.tools.lost] a call whose answer was lost is made once more where that does no harm, and never where it may", async () => {
  const error = jobError("server_unavailable", "its server died");
  const call = () => ({ ok: false, error, isAnswerLost: true }) as const;
  const { calls, log, outcome } = await startAgent({
    tools: {
      files__read: { call, annotations: { readOnlyHint: true } },
      files__put: { call, annotations: { idempotentHint: true } },
      files__append: { call, annotations: { readOnlyHint: false } },
      files__say: { call },
    },
    script: [asking("files__read", "files__put", "files__append", "files__say"), done],
  });
  expect(calls.map(({ tool }) => tool).toSorted()).toEqual(["append", "put", "put", "read", "read", "say"]);
  expect(Object.fromEntries(log.of("tool.returned").map((step) => [step.tool, step.error?.code]))).toEqual({
    files__read: "server_unavailable",
    files__put: "server_unavailable",
    files__append: "outcome_unknown",
    files__say: "outcome_unknown",
  });
  expect(outcome).toMatchObject({ status: "completed", usage: { tool_calls: 4 } });
});
