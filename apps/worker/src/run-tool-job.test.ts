import {
  jobError,
  type ApprovalPolicy,
  type JobErrorCode,
  type JobStep,
  type Tool,
} from "@millrace/contracts";
import type { ToolCallOutcome } from "@millrace/host-core";
import type { ExecutionResult, JobExecution } from "@millrace/job-store";
import { expect, test } from "vitest";
import type { JobTools } from "./job-tools.ts";
import { runToolJob } from "./run-tool-job.ts";

const TOOL: Tool = {
  name: "files__write",
  server_name: "files",
  tool_name: "write",
  description: null,
  parameters: { type: "object" },
  output_schema: null,
  annotations: null,
};

const CALL = { tool_call_id: "call_1", tool: TOOL.name };
const REQUESTED: JobStep = {
  type: "approval.requested",
  ...CALL,
  arguments: {},
  expires_at: new Date(0).toISOString(),
};
const RESULT = { content: [], structured_content: null, is_error: false, execution_time_ms: 1 };
const ANSWERED: ToolCallOutcome = { ok: true, result: RESULT };
const TOOL_ERROR: ToolCallOutcome = { ok: true, result: { ...RESULT, is_error: true } };
const LOST = { ...failed("server_unavailable"), isAnswerLost: true };

function failed(code: JobErrorCode): Extract<ToolCallOutcome, { ok: false }> {
  return { ok: false, error: jobError(code, "") };
}

interface Given {
  /** Of the calls, in order. */
  outcomes?: ToolCallOutcome[];
  onUnknown?: "retry";
  isUnknown?: boolean;
  policy?: ApprovalPolicy;
  /** Of the server by the time at which the call is sent. */
  laterPolicy?: ApprovalPolicy;
  /** The job's own. */
  approval?: "always";
  past?: JobStep[];
  /** When the start is told to stop. */
  stop?: "before" | "while";
  written?: JobStep[];
}

/** Runs one job whose tool may not be called twice, unless it says so. */
function run(given: Given): Promise<ExecutionResult> {
  const { outcomes = [], onUnknown, isUnknown = false, policy = "never", past = [], written = [] } = given;
  let current = policy;
  const controller = new AbortController();
  const { signal } = controller;
  if (given.stop === "before") controller.abort(new Error("stop"));
  const tools: Partial<JobTools> = {
    approvalPolicy: () => current,
    resolveTool: () => Promise.resolve({ ok: true, server: "files", toolName: "write", tool: TOOL }),
    callTool: async ({ onStopping, findRefusal }) => {
      current = given.laterPolicy ?? policy;
      const refusal = findRefusal?.(TOOL);
      if (refusal) return { ok: false, error: refusal };
      if (given.stop === "while") {
        controller.abort(new Error("stop"));
        onStopping?.(Promise.resolve(true));
      }
      signal.throwIfAborted();
      return outcomes.shift() ?? expect.fail("one call too many");
    },
  };
  const execution: Partial<JobExecution> = {
    request: {
      type: "tool",
      server: "files",
      tool: "write",
      arguments: {},
      ...(onUnknown ? { on_unknown: onUnknown } : {}),
      ...(given.approval ? { approval: given.approval } : {}),
    },
    isUnknown,
    lostAnswer: () => {},
    signal,
    readPast: () => Promise.resolve(past),
    write: (steps) => {
      written.push(...steps);
      return Promise.resolve();
    },
  };
  return runToolJob(tools as JobTools, execution as JobExecution);
}

const cases: [what: string, list: "completed" | "ignored" | "no list", given: Given][] = [
  ["that has answered", "completed", { outcomes: [ANSWERED] }],
  ["that has answered with an error", "completed", { outcomes: [TOOL_ERROR] }],
  ["whose answer was too large", "completed", { outcomes: [failed("result_too_large")] }],
  ["that took too long", "ignored", { outcomes: [failed("tool_timeout")] }],
  ["whose answer was lost", "ignored", { outcomes: [LOST] }],
  ["that was lost twice", "ignored", { outcomes: [LOST, LOST], onUnknown: "retry" }],
  [
    "that was lost and refused then",
    "ignored",
    { outcomes: [LOST, failed("server_unavailable")], onUnknown: "retry" },
  ],
  ["that was lost and has answered then", "completed", { outcomes: [LOST, ANSWERED], onUnknown: "retry" }],
  ["of an earlier start", "ignored", { isUnknown: true }],
  [
    "of an earlier start, refused now",
    "ignored",
    { isUnknown: true, onUnknown: "retry", outcomes: [failed("server_unavailable")] },
  ],
  ["that was refused", "no list", { outcomes: [failed("call_rejected")] }],
  ["that could not be sent", "no list", { outcomes: [failed("server_unavailable")] }],
];

test("[worker.tool.unknown_server] a worker that has no such server says that this is so on it alone", async () => {
  const error = jobError("unknown_server", 'There is no server "files". Servers: none.');
  const ending = await run({ outcomes: [{ ok: false, error }] });
  const message = expect.stringMatching(/^There is no server "files".*on this worker.*retry/);
  expect(ending).toMatchObject({ error: { code: "unknown_server", message, retryable: false } });
});

test("[worker.tool.unknown.reason] a call whose outcome is unknown may also have been made by a worker that shut down", async () => {
  expect(await run({ isUnknown: true })).toMatchObject({
    error: { code: "outcome_unknown", message: expect.stringContaining("died, or shut down before") },
  });
});

test("[worker.tool.timeout] a call that took too long is not made again by itself, unless that does no harm", async () => {
  const outcomes = () => [failed("tool_timeout")];
  expect(await run({ outcomes: outcomes() })).toMatchObject({ status: "failed", mustNotRepeat: true });
  const harmless = await run({ outcomes: outcomes(), onUnknown: "retry" });
  expect(harmless).toMatchObject({ status: "failed", mustNotRepeat: false });
});

test("[worker.tool.unknown.approval] a job that wants an approval of its own still asks for it when its worker died before", async () => {
  const written: JobStep[] = [];
  const ending = await run({ isUnknown: true, approval: "always", written });
  expect(ending).toMatchObject({ status: "parked", reason: "approval" });
  expect(written).toMatchObject([{ type: "approval.requested" }]);
});

test("[worker.tool.unknown.approval] a call that somebody has approved may have been made by the worker that died", async () => {
  const decided = { decision: "approve", reason: null, arguments: null } as const;
  const past: JobStep[] = [REQUESTED, { type: "approval.resolved", ...CALL, ...decided }];
  expect(await run({ isUnknown: true, policy: "always", past })).toMatchObject({
    error: { code: "outcome_unknown" },
  });
});

test("[worker.approval.late] a call that needs an approval only when it is sent asks for it then", async () => {
  const written: JobStep[] = [];
  expect(await run({ laterPolicy: "always", written })).toMatchObject({ status: "parked" });
  expect(written).toMatchObject([{ type: "approval.requested" }]);
});

test("[worker.approval.expired] a call on which nobody has decided in time is denied, and the job says why", async () => {
  const written: JobStep[] = [];
  expect(await run({ policy: "always", past: [REQUESTED], written })).toMatchObject({
    status: "failed",
    error: {
      code: "approval_denied",
      message: "Nobody decided in time, so the call of files__write was denied.",
    },
    cancellation: { completed: [], ignored: [] },
  });
  expect(written).toMatchObject([{ type: "approval.resolved", decision: "deny" }]);
});

test.each(cases)(
  "[worker.tool.cancelled_late] should the job be cancelled after all, a call %s is told in: %s",
  async (_, list, given) => {
    const nothing = { completed: [], stopped: [], ignored: [], model_stopped: false };
    const cancellation = list === "no list" ? nothing : { ...nothing, [list]: [CALL] };
    expect(await run(given)).toMatchObject({ cancellation });
  },
);

const stops: [what: string, ending: object, given: Given][] = [
  ["before its call has begun nothing", { isIdle: true, mustNotRepeat: false }, { stop: "before" }],
  [
    "before its call does not know of an earlier one",
    { isIdle: false, mustNotRepeat: true, cancellation: expect.objectContaining({ ignored: [CALL] }) },
    { stop: "before", isUnknown: true },
  ],
  [
    "in its call does not make it again by itself",
    { isIdle: false, mustNotRepeat: true, cancellation: expect.objectContaining({ stopped: [CALL] }) },
    { stop: "while" },
  ],
  [
    "in a call that may be repeated may make it again",
    { isIdle: false, mustNotRepeat: false },
    { stop: "while", onUnknown: "retry" },
  ],
];

test.each(stops)("[worker.tool.stopped] a start that is stopped %s", async (_, ending, given) => {
  expect(await run(given)).toMatchObject({ status: "stopped", ...ending });
});
