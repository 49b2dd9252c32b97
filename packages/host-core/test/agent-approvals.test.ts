import { expect, test } from "vitest";
import {
  APPROVAL_LIFETIME_MS,
  type ApprovalPolicy,
  type ChatJobRequest,
  type JobStep,
} from "@millrace/contracts";
import { ScriptedLog, startAgent, textOutcome, type ScriptedTool } from "./scripted-agent.ts";
import { resultOf } from "./scripted-model.ts";

const NOW = Date.parse("2026-12-01T12:00:00Z");
const EXPIRES_AT = NOW + APPROVAL_LIFETIME_MS;

const READ_ONLY = { readOnlyHint: true };
const TOOLS: Record<string, ScriptedTool> = {
  files__read: { annotations: READ_ONLY },
  files__write: { policy: "destructive" },
  files__delete: { policy: "destructive" },
};

const SCRIPT = [
  {
    calls: [
      { id: "w", name: "files__write", input: { text: "asked" } },
      { id: "r", name: "files__read" },
      { id: "d", name: "files__delete" },
    ],
  },
  { text: "done" },
];

interface Start {
  log?: ScriptedLog;
  now?: number;
  tools?: Record<string, ScriptedTool>;
  request?: Partial<ChatJobRequest>;
}

function start({ log = new ScriptedLog(), now = NOW, tools = TOOLS, request = {} }: Start = {}) {
  return startAgent({ log, tools, request, script: SCRIPT, now: () => now });
}

/** What a store adds to the log of a parked job: the decisions, and that it goes on. */
function resumed(log: ScriptedLog, ...decisions: JobStep[]): ScriptedLog {
  const parked = {
    type: "job.parked",
    reason: "approval",
    until: new Date(EXPIRES_AT).toISOString(),
  } as const;
  return new ScriptedLog([
    ...log.steps,
    parked,
    ...decisions,
    { type: "job.resumed", worker_id: "worker_2" },
  ]);
}

interface Decision {
  reason?: string;
  arguments?: Record<string, unknown>;
}

function decide(id: "w" | "d", decision: "approve" | "deny", options: Decision = {}): JobStep {
  const tool = id === "w" ? "files__write" : "files__delete";
  const { reason = null, arguments: edited = null } = options;
  return { type: "approval.resolved", tool_call_id: id, tool, decision, reason, arguments: edited };
}

const parked = { status: "parked", reason: "approval", until: EXPIRES_AT };

test("[agent.approval.park] calls that need an approval ask for it with the turn; the others run, and then the job parks", async () => {
  const { outcome, log, calls } = await start();
  expect(outcome).toEqual(parked);
  expect(calls).toMatchObject([{ tool: "read" }]);
  const expires_at = new Date(EXPIRES_AT).toISOString();
  expect(log.writes.find(([step]) => step?.type === "turn.finished")).toMatchObject([
    { type: "turn.finished" },
    {
      type: "approval.requested",
      tool_call_id: "w",
      tool: "files__write",
      arguments: { text: "asked" },
      expires_at,
    },
    { type: "tool.called", tool_call_id: "r" },
    { type: "approval.requested", tool_call_id: "d", arguments: {}, expires_at },
  ]);
  expect(log.types().at(-1)).toBe("tool.returned");
});

test("[agent.approval.policy] the strictest of the tool's policy and the job's counts", async () => {
  const requested = async (request: Partial<ChatJobRequest>, tools = TOOLS) => {
    const { log } = await start({ request, tools });
    return log.of("approval.requested").map(({ tool_call_id }) => tool_call_id);
  };
  const lenient = Object.fromEntries(
    Object.entries(TOOLS).map(([name, tool]) => [name, { ...tool, policy: "never" as const }]),
  );
  expect(await requested({}, lenient)).toEqual([]);
  expect(await requested({ approval: "destructive" }, lenient)).toEqual(["w", "d"]);
  expect(await requested({ approval: "always" }, lenient)).toEqual(["w", "r", "d"]);
  expect(await requested({ approval: "never" })).toEqual(["w", "d"]);
});

test("[agent.approval.decide] an approved call runs, with edited arguments if there are any; a denied one is told to the model", async () => {
  const first = await start();
  const edited = { text: "edited" };
  const second = await start({
    log: resumed(
      first.log,
      decide("w", "approve", { arguments: edited }),
      decide("d", "deny", { reason: "not this one" }),
    ),
  });
  expect(second.outcome).toMatchObject({
    status: "completed",
    result: { text: "done" },
    usage: { turns: 2, tool_calls: 2 },
  });
  expect(second.calls).toMatchObject([{ tool: "write", arguments: edited }]);
  expect(second.log.of("tool.called")).toMatchObject([
    { tool_call_id: "r" },
    { tool_call_id: "w", arguments: edited },
  ]);
  expect(second.log.of("tool.returned").at(-2)).toMatchObject({
    tool_call_id: "d",
    is_error: true,
    error: { code: "approval_denied" },
    execution_time_ms: null,
  });
  const [request] = second.model.requests;
  expect(resultOf(request, "d")).toMatchObject({
    is_error: true,
    content: [{ text: "The user denied this call: not this one" }],
  });
  expect(request?.messages.at(-1)?.content).toMatchObject(
    ["w", "r", "d"].map((tool_use_id) => ({ tool_use_id })),
  );
});

test("[agent.tools.intent] an approved call runs no sooner than the intent of the start that makes it is stored", async () => {
  const first = await start();
  const log = resumed(first.log, decide("w", "approve"), decide("d", "deny"));
  const stored: string[] = [];
  log.onWrite = async (steps) => {
    await new Promise((resolve) => setImmediate(resolve));
    stored.push(...steps.map(({ type }) => type));
  };
  const seen: string[] = [];
  const write: ScriptedTool = {
    policy: "destructive",
    call: () => {
      seen.push(...stored);
      return textOutcome("written");
    },
  };
  const { outcome } = await start({ log, tools: { ...TOOLS, files__write: write } });
  expect(outcome).toMatchObject({ status: "completed" });
  expect(seen).toEqual(["tool.returned", "tool.called"]);
});

test("[agent.approval.decide] an approval without arguments runs what was asked for; a denial needs no reason", async () => {
  const first = await start();
  const second = await start({ log: resumed(first.log, decide("w", "approve"), decide("d", "deny")) });
  expect(second.calls).toMatchObject([{ tool: "write", arguments: { text: "asked" } }]);
  expect(resultOf(second.model.requests[0], "d")).toMatchObject({
    content: [{ text: "The user denied this call." }],
  });
});

test("[agent.approval.park] what is decided runs, and the job parks again for the rest", async () => {
  const first = await start();
  const second = await start({ log: resumed(first.log, decide("d", "approve")) });
  expect(second.outcome).toEqual(parked);
  expect(second.calls).toMatchObject([{ tool: "delete" }]);
  const third = await start({ log: resumed(second.log, decide("w", "approve")) });
  expect(third.outcome).toMatchObject({ status: "completed", usage: { tool_calls: 3 } });
  expect(third.calls).toMatchObject([{ tool: "write" }]);
});

test("[agent.approval.expire] what nobody decides in time is denied", async () => {
  const first = await start();
  const early = await start({ log: resumed(first.log), now: EXPIRES_AT - 1 });
  expect(early.outcome).toEqual(parked);
  const late = await start({ log: resumed(first.log, decide("w", "approve")), now: EXPIRES_AT });
  expect(late.outcome).toMatchObject({ status: "completed" });
  const resolved = late.log.of("approval.resolved");
  expect(resolved.at(-1)).toEqual(decide("d", "deny", { reason: "nobody decided in time" }));
  expect(resultOf(late.model.requests[0], "d")).toMatchObject({
    is_error: true,
    content: [{ text: "Nobody decided in time, so this call was denied." }],
  });
});

test("[agent.approval.gone] an approved call of a tool that is no longer there is told to the model", async () => {
  const first = await start();
  const { files__read = {} } = TOOLS;
  const second = await start({
    log: resumed(first.log, decide("w", "approve"), decide("d", "deny")),
    tools: { files__read },
  });
  expect(second.outcome).toMatchObject({ status: "completed" });
  expect(second.calls).toEqual([]);
  expect(second.log.of("tool.returned").at(-1)).toMatchObject({
    tool_call_id: "w",
    error: { code: "unknown_tool" },
  });
});

test("[agent.approval.budget] calls that wait for an approval keep their places in the budget of calls", async () => {
  const { outcome, log } = await start({ request: { budget: { max_tool_calls: 2 } } });
  expect(outcome).toEqual(parked);
  expect(log.of("approval.requested").map(({ tool_call_id }) => tool_call_id)).toEqual(["w"]);
  expect(log.of("tool.called").map(({ tool_call_id }) => tool_call_id)).toEqual(["r"]);
  const second = await start({
    log: resumed(log, decide("w", "deny")),
    request: { budget: { max_tool_calls: 2 } },
  });
  expect(second.outcome).toMatchObject({ status: "completed", result: { stop_reason: "budget_exhausted" } });
});

test("[agent.approval.late] a call that needs an approval only when it is to be sent is told to the model, and asks the next time", async () => {
  const name = "files__read";
  let policy: ApprovalPolicy = "never";
  const tools: Record<string, ScriptedTool> = {
    [name]: {
      get policy() {
        return policy;
      },
      call({ findRefusal }) {
        policy = "always";
        const tool = { name, server_name: "files", tool_name: "read", annotations: READ_ONLY };
        const error = findRefusal?.({ ...tool, description: null, parameters: {}, output_schema: null });
        return error ? { ok: false, error } : textOutcome("read");
      },
    },
  };
  const script = [{ calls: [{ id: "a", name }] }, { calls: [{ id: "b", name }] }, { text: "done" }];
  const log = new ScriptedLog();
  expect((await startAgent({ log, tools, script })).outcome).toMatchObject({ status: "parked" });
  expect(log.of("tool.returned")).toMatchObject([{ tool_call_id: "a", error: { code: "approval_denied" } }]);
  expect(log.of("approval.requested")).toMatchObject([{ tool_call_id: "b" }]);

  const approval = { type: "approval.resolved", tool_call_id: "b", tool: name } as const;
  const approved = resumed(log, { ...approval, decision: "approve", reason: null, arguments: null });
  await startAgent({ log: approved, tools, script });
  expect(approved.of("tool.returned").at(-1)).toMatchObject({ tool_call_id: "b", error: null });
});
