import { expect, test } from "vitest";
import { jobError } from "@millrace/contracts";
import { ScriptedLog, startAgent, textOutcome } from "./scripted-agent.ts";
import { resultOf } from "./scripted-model.ts";

const done = { text: "done" };

const asking = (...names: string[]) => ({
  calls: names.map((name, index) => ({ id: `call_${index}`, name, input: { n: index } })),
});

const returnedText = (text: unknown) => ({ result: { content: [{ type: "text", text }] } });

test("[agent.tools.parallel] the calls of a turn run side by side, and the model gets their results in its own order", async () => {
  const arrived: string[] = [];
  const all = Promise.withResolvers<void>();
  const meet = (name: string, ahead?: Promise<void>) => async () => {
    arrived.push(name);
    if (arrived.length === 3) all.resolve();
    await all.promise;
    await ahead;
    return textOutcome(name);
  };
  const last = Promise.withResolvers<void>();
  const written = new ScriptedLog();
  written.onWrite = () => {
    if (written.of("tool.returned").length === 2) last.resolve();
  };
  const { log, model } = await startAgent({
    tools: {
      one__go: { call: meet("one", last.promise) },
      two__go: { call: meet("two") },
      three__go: { call: meet("three") },
    },
    script: [asking("one__go", "two__go", "three__go"), done],
    log: written,
  });
  expect(arrived).toHaveLength(3);
  expect(log.of("tool.returned").map(({ tool }) => tool)).toEqual(["two__go", "three__go", "one__go"]);
  const results = model.requests[1]?.messages.at(-1)?.content;
  expect(results).toMatchObject(
    ["one", "two", "three"].map((text, index) => ({
      type: "tool_result",
      tool_use_id: `call_${index}`,
      content: [{ type: "text", text }],
      is_error: false,
    })),
  );
});

test("[agent.tools.caller] all calls of a start come from one caller, and those of another from another", async () => {
  const start = () => startAgent({ tools: { one__go: {} }, script: [asking("one__go", "one__go"), done] });
  const [first, second] = [await start(), await start()];
  const callers = [first, second].map(({ calls }) => new Set(calls.map(({ caller }) => caller)));
  expect(callers.map(({ size }) => size)).toEqual([1, 1]);
  expect(first.calls[0]?.caller).toBeTypeOf("object");
  expect(first.calls[0]?.caller).not.toBe(second.calls[0]?.caller);
});

test("[agent.tools.intent] no tool runs before its intent is stored, together with the turn that asked for it", async () => {
  const stored: string[] = [];
  const log = new ScriptedLog();
  log.onWrite = async (steps) => {
    await new Promise((resolve) => setImmediate(resolve));
    stored.push(...steps.map(({ type }) => type));
  };
  const seen: string[][] = [];
  await startAgent({
    log,
    tools: {
      files__read: {
        call: () => {
          seen.push([...stored]);
          return textOutcome("x");
        },
      },
    },
    script: [asking("files__read", "read"), done],
  });
  expect(seen).toHaveLength(2);
  expect(seen[0]).toEqual(["turn.started", "turn.finished", "tool.called", "tool.called"]);
  expect(log.writes.find(([step]) => step?.type === "turn.finished")?.map(({ type }) => type)).toEqual([
    "turn.finished",
    "tool.called",
    "tool.called",
  ]);
});

test("[agent.tools.names] a unified name and a bare one that one server has are called; the events have the unified one", async () => {
  const { log, calls } = await startAgent({
    tools: { files__read: {}, notes__list: {} },
    script: [asking("files__read", "list"), done],
  });
  expect(calls).toMatchObject([
    { server: "files", tool: "read", arguments: { n: 0 } },
    { server: "notes", tool: "list", arguments: { n: 1 } },
  ]);
  expect(log.of("tool.called").map(({ tool }) => tool)).toEqual(["files__read", "notes__list"]);
});

test("[agent.tools.unknown] a tool that is not offered is answered with those that are, and fails no job", async () => {
  const many = Object.fromEntries(Array.from({ length: 25 }, (_unused, index) => [`many__t${index}`, {}]));
  const { log, calls, outcome } = await startAgent({
    tools: { files__read: {}, notes__read: {}, mail__send: {}, ...many },
    script: [asking("nothing", "read", "mail__send", ""), done],
    request: { mcp_servers: ["files", "notes", "many"] },
  });
  expect(calls).toEqual([]);
  expect(outcome).toMatchObject({ status: "completed", usage: { tool_calls: 0, turns: 2 } });
  expect(log.of("tool.called")).toEqual([]);
  const returned = log.of("tool.returned");
  expect(returned).toMatchObject([
    { tool: "nothing", is_error: true, error: { code: "unknown_tool" }, execution_time_ms: null },
    { tool: "read", error: { code: "ambiguous_tool" } },
    { tool: "mail__send", error: { code: "unknown_tool" } },
    { tool: "", error: { code: "unknown_tool" } },
  ]);
  expect(returned[0]).toMatchObject(
    returnedText(expect.stringMatching(/files__read, notes__read.* and 7 more/)),
  );
  expect(returned[1]).toMatchObject(returnedText(expect.stringMatching(/files__read, notes__read/)));
});

test("[agent.tools.malformed] a call whose arguments are no JSON does not run, and the model is shown what it wrote", async () => {
  const malformed_input = `{"path": ${"x".repeat(5_000)}`;
  const { log, calls } = await startAgent({
    tools: { files__read: {} },
    script: [{ calls: [{ id: "a", name: "read", malformed_input }] }, done],
  });
  expect(calls).toEqual([]);
  const [returned] = log.of("tool.returned");
  expect(returned).toMatchObject({
    tool: "files__read",
    is_error: true,
    error: { code: "invalid_arguments" },
  });
  expect(returned).toMatchObject(returnedText(expect.stringMatching(/no JSON object: \{"path": x{50}/)));
  expect(JSON.stringify(returned).length).toBeLessThan(1_000);
});

test("[agent.tools.failed] a tool's own error and a call without an answer both go back to the model", async () => {
  const errors = [{ path: "arguments.path", message: "is required" }];
  const error = jobError("invalid_arguments", "They do not fit.", errors);
  const { log, model, outcome } = await startAgent({
    tools: {
      files__read: { call: () => textOutcome("no such file", true) },
      files__write: { call: () => ({ ok: false, error }) },
    },
    script: [asking("files__read", "files__write"), done],
  });
  expect(outcome).toMatchObject({ status: "completed", usage: { tool_calls: 2 } });
  expect(log.of("tool.returned")).toMatchObject([
    { is_error: true, error: null, execution_time_ms: 1 },
    { is_error: true, error, execution_time_ms: null },
  ]);
  const [, second] = model.requests;
  expect(resultOf(second, "call_0")).toMatchObject({ is_error: true, content: [{ text: "no such file" }] });
  expect(resultOf(second, "call_1")).toMatchObject({
    is_error: true,
    content: [{ text: "They do not fit.\narguments.path: is required" }],
  });
});

test("[agent.tools.timeout] of a call that took too long the model is told that it may have happened, unless a repeat does no harm", async () => {
  const error = jobError("tool_timeout", "It took longer than 1 s.");
  const call = () => ({ ok: false as const, error });
  const { log, model, calls } = await startAgent({
    tools: {
      files__append: { call },
      files__read: { call, annotations: { readOnlyHint: true } },
      files__put: { call, annotations: { idempotentHint: true } },
    },
    script: [asking("files__append", "files__read", "files__put"), done],
  });
  expect(calls).toHaveLength(3);
  const unsure =
    "It took longer than 1 s.\nThe call may have happened all the same. Find out before you make it again.";
  const texts = [unsure, error.message, error.message];
  texts.forEach((text, index) => {
    const result = { is_error: true, content: [{ type: "text", text }] };
    expect(resultOf(model.requests[1], `call_${index}`)).toMatchObject(result);
  });
  expect(log.of("tool.returned").map((returned) => returned.error)).toEqual([error, error, error]);
});

test("[agent.tools.result] a whole answer is kept in the log, and the model gets its view of it", async () => {
  const content = [{ type: "text", text: "x".repeat(100_000) }];
  const result = { content, structured_content: { n: 1 }, is_error: false, execution_time_ms: 7 };
  const { log, model } = await startAgent({
    tools: { files__read: { call: () => ({ ok: true, result }) } },
    script: [asking("read"), done],
  });
  expect(log.of("tool.returned")).toMatchObject([
    { result: { content, structured_content: { n: 1 } }, error: null, execution_time_ms: 7 },
  ]);
  expect(resultOf(model.requests[1], "call_0")).toMatchObject({
    content: [{ text: expect.stringMatching(/^x+\n\[… \d+ bytes left out …\]\nx+$/) }],
  });
});

test("[agent.tools.progress] a call's progress is written before its end, and nothing after", async () => {
  const { log } = await startAgent({
    tools: {
      files__read: {
        call: ({ onProgress }) => {
          for (let progress = 1; progress <= 50; progress += 1)
            onProgress?.({ progress, total: 50, message: "on" });
          return textOutcome("x");
        },
      },
    },
    script: [asking("read"), done],
  });
  const name = { type: "tool.progress", tool_call_id: "call_0", tool: "files__read" };
  expect(log.steps.filter(({ type }) => type.startsWith("tool."))).toMatchObject([
    { type: "tool.called" },
    { ...name, progress: 1, total: 50, message: "on" },
    { ...name, progress: 50 },
    { type: "tool.returned" },
  ]);
});

test("[agent.tools.bug] a bug in one call takes no answer from the others, and then rejects the start", async () => {
  const log = new ScriptedLog();
  const start = startAgent({
    log,
    tools: { files__read: {}, files__break: { call: () => Promise.reject(new Error("a bug")) } },
    script: [asking("files__break", "files__read"), done],
  });
  await expect(start).rejects.toThrow("a bug");
  expect(log.of("tool.returned").map(({ tool }) => tool)).toEqual(["files__read"]);
});
