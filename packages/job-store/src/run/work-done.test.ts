import type { JobStep } from "@millrace/contracts";
import { expect, test } from "vitest";
import { workDone } from "./work-done.ts";

const USAGE = { input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, cost_usd: 0 };

test("[store.work.postponed] a call that was postponed is not among those that a job has made", () => {
  const call = (id: string) => ({ tool_call_id: id, tool: "files__read" });
  const steps: JobStep[] = [
    {
      type: "turn.finished",
      turn: 1,
      stop_reason: "tool_use",
      usage: USAGE,
      message: { role: "assistant", content: [] },
    },
    { type: "tool.called", ...call("made"), arguments: {} },
    { type: "tool.called", ...call("postponed"), arguments: {} },
    { type: "tool.postponed", ...call("postponed") },
  ];
  expect(workDone(steps).usage).toMatchObject({ turns: 1, tool_calls: 1 });
  expect(
    workDone([...steps, { type: "tool.called", ...call("postponed"), arguments: {} }]).usage,
  ).toMatchObject({
    tool_calls: 2,
  });
});
