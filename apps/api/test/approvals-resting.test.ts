import type { ApprovalPolicy, JobStep, ToolAccess, ToolJobRequest } from "@millrace/contracts";
import { createHost, type Host } from "@millrace/host-core";
import type { ExecutionResult, JobExecution } from "@millrace/job-store";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { jobTools } from "../../worker/src/job-tools.ts";
import { runToolJob } from "../../worker/src/run-tool-job.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const server = (approval: ApprovalPolicy) =>
  fixtureServer("lazy", { lifecycle: "lazy", idleTimeoutMs: 50, approval: { "*": approval } });

let host: Host;
beforeEach(() => {
  host = createHost({ servers: [server("never")], logger: pino({ level: "silent" }) });
  host.start();
});
afterEach(() => host.close());

/** The server has said what it offers, and rests. */
async function untilResting(): Promise<void> {
  await vi.waitFor(() => expect(host.reports()).toMatchObject([{ status: "disconnected" }]), 20_000);
}

interface Start {
  request: Partial<ToolJobRequest>;
  past?: JobStep[];
  toolAccess?: ToolAccess;
  waiting?: () => void;
}

async function run({ request, past = [], toolAccess, waiting = () => {} }: Start) {
  const written: JobStep[] = [];
  const execution: JobExecution = {
    jobId: "job_x",
    request: { type: "tool", tool: "echo", arguments: { text: "original" }, ...request },
    previous: [],
    toolAccess: toolAccess ?? null,
    traceparent: null,
    attempt: 1,
    isUnknown: false,
    signal: new AbortController().signal,
    draining: new AbortController().signal,
    waiting,
    running: async () => {},
    lostAnswer: () => {},
    readPast: async () => past,
    write: async (steps) => void written.push(...steps),
  };
  const ending: ExecutionResult = await runToolJob(jobTools(host, execution), execution);
  return { ending, written };
}

const PARKED = { status: "parked", reason: "approval" };

test("[approvals.away] a job of a key with narrowed tools asks also while its server rests", async () => {
  await untilResting();
  const toolAccess = { tools: ["lazy__e*"] };
  for (const named of [{ server: "lazy", tool: "echo" }, { tool: "lazy__echo" }, { tool: "echo" }]) {
    const { ending, written } = await run({ request: { ...named, approval: "always" }, toolAccess });
    expect(ending, JSON.stringify(named)).toMatchObject(PARKED);
    expect(written).toMatchObject([{ type: "approval.requested", tool: "lazy__echo" }]);
  }
  // Nobody needed the server for that.
  expect(host.reports()).toMatchObject([{ status: "disconnected" }]);
});

test("[approvals.late] a call that waits for its server while its approval becomes necessary asks for it", async () => {
  await untilResting();
  const reload = vi.fn<() => void>(() => void host.reload([server("always")], 0));
  const asked = await run({ request: {}, waiting: reload });
  expect(reload).toHaveBeenCalled();
  expect(asked.ending).toMatchObject(PARKED);
  expect(asked.written).toMatchObject([{ type: "approval.requested", arguments: { text: "original" } }]);

  const call = { tool_call_id: "call_1", tool: "lazy__echo" };
  const decision: JobStep = {
    type: "approval.resolved",
    ...call,
    decision: "approve",
    reason: null,
    arguments: { text: "changed" },
  };
  const approved = await run({ request: {}, past: [...asked.written, decision] });
  expect(approved.ending).toMatchObject({
    status: "completed",
    result: { content: [{ text: "changed" }] },
  });
});
