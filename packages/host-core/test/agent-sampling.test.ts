import { ASKING_STDIO_PROGRAM } from "@millrace/testing";
import { expect, test } from "vitest";
import type { SamplingAnswer } from "../src/connection/questions/sampling.ts";
import { ModelError } from "../src/model/model.ts";
import { settings, startHost } from "./hosts.ts";
import {
  ScriptedCoolDowns,
  ScriptedLog,
  startAgent,
  textOutcome,
  type ScriptedTool,
} from "./scripted-agent.ts";
import { resultOf, type ScriptEntry } from "./scripted-model.ts";

/** The first answer calls a tool; the others, up to the last one, are to what the tool asks meanwhile. */
function script(...toTool: ScriptEntry[]): ScriptEntry[] {
  const call = { calls: [{ id: "ask", name: "s__ask" }] };
  return [[call, ...toTool.flat()], { text: "done" }];
}

/** A tool that asks so many times, and returns what it has heard. */
function asking(times: number): Record<string, ScriptedTool> {
  return {
    s__ask: {
      call: async ({ sample, signal }) => {
        if (!sample) return textOutcome("nobody answers");
        const heard: (SamplingAnswer | string)[] = [];
        for (let time = 0; time < times; time += 1) {
          const messages = [{ role: "user" as const, content: [{ type: "text" as const, text: "?" }] }];
          const request = { system: undefined, messages, maxTokens: 50, temperature: undefined };
          heard.push(await sample(request, signal).catch(String));
        }
        return textOutcome(JSON.stringify(heard));
      },
    },
  };
}

test("[agent.sampling.usage] over the real host a tool asks the job's model, and the job's usage counts it", async () => {
  const args = [ASKING_STDIO_PROGRAM];
  const host = await startHost([
    settings(
      "asking",
      { type: "stdio", command: process.execPath, args, env: {} },
      { questions: { sampling: true, elicitation: null, roots: [] } },
    ),
  ]);
  const call = { calls: [{ id: "ask", name: "asking__ask_model", input: { question: "Six by seven?" } }] };
  const { outcome, log, model } = await startAgent({
    tools: host,
    script: [[call, { text: "forty-two" }], { text: "done" }],
  });
  const [, asked, last] = model.requests;
  expect(asked).toMatchObject({ system: "Be brief.", tools: [], maxTokens: 100 });
  expect(JSON.stringify(resultOf(last, "ask"))).toContain("forty-two");
  expect(outcome).toMatchObject({
    status: "completed",
    usage: { turns: 2, tool_calls: 1, input_tokens: 300, output_tokens: 30 },
  });
  expect(log.of("tool.sampled")).toMatchObject([
    { tool_call_id: "ask", tool: "asking__ask_model", model: "scripted", usage: { input_tokens: 100 } },
  ]);
});

test("[agent.sampling.stop] a tool is told that the model's answer was cut off, or refused", async () => {
  const { log } = await startAgent({
    tools: asking(3),
    script: script({ text: "one" }, { text: "tw", stopReason: "max_tokens" }, { stopReason: "refusal" }),
  });
  const heard = log.of("tool.returned")[0]?.result.content[0]?.["text"] as string;
  expect(JSON.parse(heard)).toMatchObject([
    { text: "one", stopReason: "endTurn" },
    { text: "tw", stopReason: "maxTokens" },
    { text: "", stopReason: "refusal" },
  ]);
});

test("[agent.sampling.budget] what a tool asks is bounded by the job's budget", async () => {
  const { outcome, log, model, calls } = await startAgent({
    tools: asking(2),
    request: { budget: { max_tokens: 150 } },
    script: script({ text: "one" }, { text: "two" }),
  });
  expect(calls).toHaveLength(1);
  // 110 of 150 are spent by the first turn.
  expect(model.requests.map(({ maxTokens }) => maxTokens)).toEqual([150, 40]);
  const [returned] = log.of("tool.returned");
  expect(returned?.result.content[0]?.["text"]).toMatch(/one.*budget of the job is spent/);
  expect(outcome).toMatchObject({ status: "completed", result: { stop_reason: "budget_exhausted" } });
});

test("[agent.sampling.budget] what it costs is bounded too", async () => {
  // Each answer costs 0.0002.
  const { model, log } = await startAgent({
    tools: asking(2),
    request: { budget: { max_cost_usd: 0.0003 } },
    script: script({ text: "one" }, { text: "two" }),
  });
  expect(model.requests).toHaveLength(2);
  const [returned] = log.of("tool.returned");
  expect(returned?.result.content[0]?.["text"]).toMatch(/one.*budget of the job is spent/);
});

test("[agent.sampling.fault] a model that fails, or whose provider cools down, is told to the tool and fails no job", async () => {
  const fault = new ModelError("provider_unavailable", "it is out of order", { retry: "backoff" });
  const failing = await startAgent({ tools: asking(1), script: script({ error: fault }) });
  expect(failing.log.of("tool.returned")[0]?.result.content[0]?.["text"]).toContain("it is out of order");
  expect(failing.outcome).toMatchObject({ status: "completed", result: { text: "done" } });

  const coolDowns = new ScriptedCoolDowns();
  const tools = asking(1);
  const ask = tools["s__ask"]?.call;
  tools["s__ask"] = {
    call: async (request) => {
      coolDowns.ends.set("demo:http://model.test", Date.now() + 60_000);
      const outcome = await ask?.(request);
      coolDowns.ends.clear();
      return outcome ?? textOutcome("nobody asked");
    },
  };
  const cooling = await startAgent({ tools, coolDowns, script: script({ text: "one" }) });
  expect(cooling.log.of("tool.returned")[0]?.result.content[0]?.["text"]).toContain("asks to wait");
  expect(cooling.model.requests).toHaveLength(2);
});

test("[agent.sampling.cool_down] a provider that asks what a tool has asked to wait is asked by nobody for that time", async () => {
  const coolDowns = new ScriptedCoolDowns();
  const limited = new ModelError("provider_unavailable", "it is too much", {
    retry: "cool_down",
    retryAfterMs: 60_000,
  });
  const now = Date.now();
  const start = { tools: asking(2), coolDowns, now: () => now, script: script({ error: limited }) };
  const { outcome, log, model } = await startAgent(start);
  expect(coolDowns.ends).toEqual(new Map([["demo:http://model.test", now + 60_000]]));
  expect(log.of("tool.returned")[0]?.result.content[0]?.["text"]).toMatch(/it is too much.*asks to wait/);
  expect(outcome).toMatchObject({ status: "parked", reason: "cool_down" });
  expect(model.requests).toHaveLength(2);
});

test("[agent.sampling.resume] what a tool has asked before a crash counts after it", async () => {
  const first = await startAgent({ tools: asking(1), script: script({ text: "one" }) });
  const cut = first.log.steps.findIndex(({ type }) => type === "tool.sampled");
  const log = new ScriptedLog(first.log.steps.slice(0, cut + 1));
  const { outcome } = await startAgent({ log, tools: asking(0), script: script() });
  expect(outcome).toMatchObject({ usage: { turns: 2, input_tokens: 300 } });
});
