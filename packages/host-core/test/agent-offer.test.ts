import { expect, test } from "vitest";
import type { ToolChoice } from "@millrace/contracts";
import { startAgent } from "./scripted-agent.ts";
import { ScriptedModel } from "./scripted-model.ts";

const done = { text: "done" };

const asking = (...names: string[]) => ({
  calls: names.map((name, index) => ({ id: `call_${index}`, name, input: { n: index } })),
});

async function offered(request: object) {
  const { model, log } = await startAgent({
    tools: { files__read: {}, notes__list: {} },
    script: [done],
    request,
  });
  const [first] = model.requests;
  return {
    tools: first?.tools.map(({ name }) => name),
    choice: first?.toolChoice,
    warnings: log.of("job.warning").map(({ code }) => code),
  };
}

async function choices(tool_choice: ToolChoice) {
  const { model } = await startAgent({
    tools: { files__read: {} },
    script: [asking("read"), done],
    request: { tool_choice },
  });
  return model.requests.map(({ toolChoice }) => toolChoice);
}

test("[agent.offer.filter] the model is offered the tools of the job's servers, and none when it wants none", async () => {
  const none = { tools: [], choice: "auto", warnings: [] };
  expect(await offered({})).toEqual({ ...none, tools: ["files__read", "notes__list"] });
  expect(await offered({ mcp_servers: ["notes"] })).toEqual({ ...none, tools: ["notes__list"] });
  expect(await offered({ enable_mcp: false })).toEqual(none);
  expect(await offered({ mcp_servers: [] })).toEqual(none);
  expect(await offered({ tool_choice: "none" })).toEqual({ ...none, choice: "none" });
  expect(await offered({ mcp_servers: ["mail"] })).toEqual({ ...none, warnings: ["no_tools"] });
  expect(await offered({ mcp_servers: ["mail"], tool_choice: "any" })).toEqual({
    ...none,
    warnings: ["no_tools"],
  });
});

test("[agent.offer.warnings] a job says once that there are no tools", async () => {
  const { log } = await startAgent({ script: [asking("read"), asking("read"), done] });
  expect(log.of("job.warning")).toEqual([
    { type: "job.warning", code: "no_tools", message: expect.stringMatching(/No server .* without/) },
  ]);
});

test("[agent.offer.warnings] a tool that no provider takes is left out, which the job says once", async () => {
  const parameters = { type: "object", properties: { "no such name": { type: "string" } } };
  const { log, model } = await startAgent({
    tools: { files__read: {}, files__odd: { parameters } },
    script: [asking("files__odd", "read"), asking("read"), done],
  });
  expect(model.requests[0]?.tools).toMatchObject([{ name: "files__read" }]);
  expect(log.of("job.warning")).toEqual([
    {
      type: "job.warning",
      code: "tools_left_out",
      message: expect.stringMatching(/files__odd \(.*"no such name"/),
    },
  ]);
  expect(log.of("tool.returned")[0]).toMatchObject({ tool: "files__odd", error: { code: "unknown_tool" } });
});

test("[agent.offer.choice] a tool choice binds the first turn, and one that names no offered tool fails the job", async () => {
  expect(await choices("any")).toEqual(["any", "auto"]);
  expect(await choices({ type: "tool", name: "files__read" })).toEqual([
    { type: "tool", name: "files__read" },
    "auto",
  ]);
  const { outcome, model } = await startAgent({
    tools: { files__read: {}, mail__send: {} },
    request: { tool_choice: { type: "tool", name: "mail__send" }, mcp_servers: ["files"] },
  });
  expect(outcome).toMatchObject({
    status: "failed",
    error: { code: "unknown_tool", message: expect.stringContaining("files__read") },
    usage: { turns: 0 },
  });
  expect(model.requests).toEqual([]);
});

test("[agent.warnings.price] a job says once that its budget of dollars bounds nothing on a model without a price", async () => {
  const warnings = async (settings: object, budget: object) => {
    const model = new ScriptedModel([asking("read"), done], 0, settings);
    const { log } = await startAgent({ model, tools: { files__read: {} }, request: { budget } });
    return log.of("job.warning");
  };
  const unpriced = { provider: "openai", price: null } as const;
  expect(await warnings(unpriced, { max_cost_usd: 1 })).toEqual([
    {
      type: "job.warning",
      code: "no_price",
      message: expect.stringMatching(/"scripted" has no price.*models file/),
    },
  ]);
  expect(await warnings(unpriced, { max_tokens: 10_000 })).toEqual([]);
  expect(await warnings({ provider: "openai" }, { max_cost_usd: 1 })).toEqual([]);
  expect(await warnings({ provider: "demo", price: null }, { max_cost_usd: 1 })).toEqual([]);
});
