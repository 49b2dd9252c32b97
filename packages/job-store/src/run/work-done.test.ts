import { expect, test } from "vitest";
import { workDone, type WorkStep } from "./work-done.ts";

const USAGE = { input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, cost_usd: 0 };

const call = (id: string) => ({ tool_call_id: id, tool: "files__read" });

const called = (id: string): WorkStep => ({ type: "tool.called", ...call(id) });

const TURN: WorkStep = { type: "turn.finished", usage: USAGE };

test("[store.work.postponed] a call that was postponed is not among those that a job has made", () => {
  const steps: WorkStep[] = [
    TURN,
    called("made"),
    called("postponed"),
    { type: "tool.postponed", ...call("postponed") },
  ];
  expect(workDone(steps)).toMatchObject({
    usage: { turns: 1, tool_calls: 1 },
    cancellation: { ignored: [call("made")] },
  });
  expect(workDone([...steps, called("postponed")]).usage).toMatchObject({ tool_calls: 2 });
});

test("[store.work.open] a call that was begun and has not returned counts as one that has ignored the cancel", () => {
  const returned: WorkStep = { type: "tool.returned", ...call("done") };
  // Begun once more by a second start.
  const steps = [TURN, called("done"), called("open"), returned, called("open")];
  expect(workDone(steps)).toEqual({
    cancellation: { completed: [call("done")], stopped: [], ignored: [call("open")], model_stopped: false },
    usage: { ...USAGE, turns: 1, tool_calls: 2 },
  });
});
