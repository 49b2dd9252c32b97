import { expect, test, vi } from "vitest";
import { parseRecord } from "../src/record.ts";
import type { Execute } from "../src/run/job-execution.ts";
import { DecidedBeforeError } from "../src/run/run-writer.ts";
import {
  approvalRequested,
  CHAT_DONE,
  CHAT_REQUEST,
  claimChat,
  submitChat,
  toolCalled,
} from "./support/chat-jobs.ts";
import { approve, NOTHING } from "./support/executors.ts";
import { eventTypes, PATIENCE_MS, startRunner, untilStatus } from "./support/run-jobs.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const UNTIL = 600_000;

/** A parked job whose calls wait for their approval. */
async function waitingFor(installation: Installation, ...calls: string[]) {
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write(calls.map((id) => approvalRequested(id)));
  await run.park("approval", Date.now() + UNTIL, 1_000);
  return jobId;
}

async function waitingCalls({ redis, keys }: Installation, jobId: string) {
  return parseRecord(await redis.hgetall(keys.record(jobId)))?.waitingApprovals;
}

async function resolutions({ redis, keys }: Installation, jobId: string): Promise<unknown[]> {
  const log = await redis.lrange(keys.log(jobId), 0, -1);
  return log.map((event) => JSON.parse(event)).filter(({ type }) => type === "approval.resolved");
}

test("[store.approval.requested] is kept in the record from the moment the event is written", async () => {
  const installation = createInstallation();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write([approvalRequested("c1"), toolCalled("c2"), approvalRequested("c3")]);
  expect((await waitingCalls(installation, jobId))?.toSorted()).toEqual(["c1", "c3"]);
  expect(await installation.redis.object("ENCODING", installation.keys.record(jobId))).toBe("listpack");
});

test("[store.approval.decide] writes the decision into the log, with its reason or its arguments", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await waitingFor(installation, "c1", "c2", "c3");
  const decide = (id: string, request: Parameters<typeof api.decideApproval>[3]) =>
    api.decideApproval(TENANT, jobId, id, request);
  expect(await decide("c1", { decision: "approve" })).toBe("decided");
  expect(await decide("c2", { decision: "deny", reason: "too risky" })).toBe("decided");
  expect(await decide("c3", { decision: "approve", arguments: { text: "b" } })).toBe("decided");
  const common = { attempt: 1, tool: "fixture__echo" };
  expect(await resolutions(installation, jobId)).toMatchObject([
    { ...common, tool_call_id: "c1", decision: "approve", reason: null, arguments: null },
    { ...common, tool_call_id: "c2", decision: "deny", reason: "too risky", arguments: null },
    { ...common, tool_call_id: "c3", decision: "approve", reason: null, arguments: { text: "b" } },
  ]);
  expect(await waitingCalls(installation, jobId)).toEqual([]);
});

test("[store.approval.not-pending] says why a call cannot be decided, and changes nothing", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write([toolCalled("ran"), approvalRequested("late", Date.now() - 1), approvalRequested("c1")]);
  await run.write([approvalRequested("open")]);
  const decide = (call: string, tenant = TENANT, id = jobId) =>
    api.decideApproval(tenant, id, call, { decision: "approve" });
  expect(await decide("c1")).toBe("decided");
  expect(await decide("c1")).toBe("before");
  expect(await decide("ran")).toBe("unknown");
  expect(await decide("late")).toBe("expired");
  expect(await decide("c1", "bob")).toBeNull();
  const other = jobId.slice(0, -1) + (jobId.endsWith("0") ? "1" : "0");
  expect(await decide("c1", TENANT, other)).toBeNull();
  expect(await decide("c1", TENANT, "index")).toBeNull();
  await run.finish({
    status: "failed",
    error: { code: "timeout", message: "", retryable: true },
    result: null,
  });
  expect(await decide("open")).toBe("ended");
  expect(await decide("c1")).toBe("before");
  expect(await resolutions(installation, jobId)).toHaveLength(1);
  expect((await eventTypes(api, jobId)).at(-1)).toBe("job.failed");
});

test("[store.approval.anew] of a job that was begun anew the call is meant that asks now", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const asks = (tool: string) => [Object.assign(approvalRequested("c1"), { tool })];
  const first = await claimChat(installation, jobId);
  await first.write(asks("fixture__echo"));
  await first.finish({ status: "cancelled", cancellation: NOTHING });
  await api.retries.retry(TENANT, jobId, "start");
  const again = await claimChat(installation, jobId, 1, CHAT_REQUEST, { generation: 1 });
  await again.write(asks("fixture__add"));
  const told: string[] = [];
  const refusal = new Error("not with these arguments");
  const decide = (check: (tool: string) => void) =>
    api.decideApproval(TENANT, jobId, "c1", { decision: "approve" }, check);
  const refused = decide((tool) => {
    told.push(tool);
    throw refusal;
  });
  await expect(refused).rejects.toBe(refusal);
  expect(await waitingCalls(installation, jobId)).toEqual(["c1"]);
  expect(await decide((tool) => void told.push(tool))).toBe("decided");
  expect(told).toEqual(["fixture__add", "fixture__add"]);
  expect(await resolutions(installation, jobId)).toMatchObject([{ tool: "fixture__add" }]);
});

test("[store.approval.all] wakes a job only when its last call is decided", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  const starts: string[][] = [];
  startRunner(installation, async ({ readPast, write }) => {
    const past = (await readPast()).map(({ type }) => type);
    starts.push(past);
    if (past.includes("approval.resolved")) return CHAT_DONE;
    await write([approvalRequested("c1"), approvalRequested("c2")]);
    return { status: "parked", reason: "approval", until: Date.now() + UNTIL };
  });
  const jobId = await submitChat(installation);
  const delayed = `${keys.queuePrefix("chat")}:chat:delayed`;
  await vi.waitFor(async () => expect(await redis.zscore(delayed, jobId)).not.toBeNull(), PATIENCE_MS);
  expect(await api.decideApproval(TENANT, jobId, "c2", { decision: "deny" })).toBe("decided");
  expect(await redis.zscore(delayed, jobId)).not.toBeNull();
  expect(await api.decideApproval(TENANT, jobId, "c1", { decision: "approve" })).toBe("decided");
  await untilStatus(api, jobId, "completed");
  expect(starts).toHaveLength(2);
  expect(starts[1]?.filter((type) => type === "approval.resolved")).toHaveLength(2);
});

test("[store.approval.once] takes one of many decisions at once, and logs one", async () => {
  const installation = createInstallation();
  const [one, other] = [installation.createApi(), installation.createApi()];
  const jobId = await waitingFor(installation, "c1");
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => {
      const decision = index % 3 === 0 ? "approve" : "deny";
      return (index % 2 === 0 ? one : other).decideApproval(TENANT, jobId, "c1", { decision });
    }),
  );
  expect(answers.filter((answer) => answer === "decided")).toHaveLength(1);
  expect(answers.filter((answer) => answer === "before")).toHaveLength(19);
  expect(await resolutions(installation, jobId)).toHaveLength(1);
});

test("[store.approval.run-too-late] a run does not decide what has been decided since it began", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const jobId = await submitChat(installation);
  const run = await claimChat(installation, jobId);
  await run.write([approvalRequested("c1"), approvalRequested("c2")]);
  expect(await api.decideApproval(TENANT, jobId, "c1", { decision: "approve" })).toBe("decided");
  const call = { tool: "fixture__echo", decision: "deny", reason: "too late", arguments: null } as const;
  await run.write([{ type: "approval.resolved", tool_call_id: "c2", ...call }]);
  const second = run.write([{ type: "approval.resolved", tool_call_id: "c1", ...call }]);
  await expect(second).rejects.toThrow(DecidedBeforeError);
  expect(await resolutions(installation, jobId)).toMatchObject([
    { tool_call_id: "c1", decision: "approve" },
    { tool_call_id: "c2", decision: "deny" },
  ]);
});

test("[store.approval.run-again] a job goes on with another start when a decision comes between", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  startRunner(installation, async ({ jobId, readPast, write }) => {
    const past = await readPast();
    if (past.some(({ type }) => type === "approval.resolved")) return CHAT_DONE;
    await write([approvalRequested("c1")]);
    await api.decideApproval(TENANT, jobId, "c1", { decision: "approve" });
    const reason = "nobody decided in time";
    const resolved = { tool_call_id: "c1", tool: "fixture__echo", decision: "deny", reason } as const;
    await write([{ type: "approval.resolved", ...resolved, arguments: null }]);
    return CHAT_DONE;
  });
  const jobId = await submitChat(installation);
  await untilStatus(api, jobId, "completed");
  expect(await resolutions(installation, jobId)).toMatchObject([{ decision: "approve" }]);
});

test("[store.approval.run-idle] the start after one that came too late to deny knows that nothing has begun", async () => {
  const installation = createInstallation();
  const api = installation.createApi();
  const starts: boolean[] = [];
  const execute: Execute = async ({ jobId, isUnknown, readPast, write }) => {
    starts.push(isUnknown);
    const past = await readPast();
    if (past.some(({ type }) => type === "approval.resolved")) return { status: "completed", result: RESULT };
    await write([approvalRequested("c1")]);
    await approve(api, jobId);
    const resolved = { tool_call_id: "c1", tool: "fixture__echo", decision: "deny", reason: "late" } as const;
    await expect(write([{ type: "approval.resolved", ...resolved, arguments: null }])).rejects.toThrow(
      DecidedBeforeError,
    );
    return { status: "stopped", cancellation: NOTHING, isIdle: true };
  };
  startRunner(installation, execute, { type: "tool" });
  const { id } = await api.submit({ tenant: TENANT, request: REQUEST });
  await untilStatus(api, id, "completed");
  expect(starts).toEqual([false, false]);
});

test("[store.approval.repeat] wakes the job when who decided did not come to it", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const api = installation.createApi();
  startRunner(installation, async ({ readPast, write }) => {
    if ((await readPast()).length > 0) return CHAT_DONE;
    await write([approvalRequested("c1")]);
    return { status: "parked", reason: "approval", until: Date.now() + UNTIL };
  });
  const jobId = await submitChat(installation);
  const delayed = `${keys.queuePrefix("chat")}:chat:delayed`;
  await vi.waitFor(async () => expect(await redis.zscore(delayed, jobId)).not.toBeNull(), PATIENCE_MS);
  // As an api leaves it that dies between the decision and the wake-up; its client asks again.
  await redis.hset(keys.record(jobId), "approval:c1", "approve");
  expect(await api.decideApproval(TENANT, jobId, "c1", { decision: "approve" })).toBe("before");
  await untilStatus(api, jobId, "completed");
});
