import { DEFAULT_MAX_CRASHES } from "@millrace/contracts";
import { describe, expect, test } from "vitest";
import { claimRun } from "../src/run/claim-run.ts";
import type { JobRun } from "../src/run/job-run.ts";
import { RunRefusedError } from "../src/run/run-writer.ts";
import { systemClock } from "../src/clock.ts";
import { toolCalled } from "./support/chat-jobs.ts";
import {
  createInstallation,
  REQUEST,
  RESULT,
  TENANT,
  type Installation,
} from "./support/test-installation.ts";

const DONE = { status: "completed", result: RESULT } as const;

async function submitted(installation: Installation): Promise<string> {
  const { id } = await installation.createApi().submit({ tenant: TENANT, request: REQUEST });
  return id;
}

function claim(
  installation: Installation,
  jobId: string,
  run: number,
  workerId = "worker_a",
  generation = 0,
) {
  const { redis, keys } = installation;
  return claimRun(
    { jobId, generation, run, workerId },
    { request: REQUEST },
    { redis, keys, clock: systemClock, maxCrashes: DEFAULT_MAX_CRASHES },
  );
}

async function claimed(...parameters: Parameters<typeof claim>): Promise<JobRun> {
  const answer = await claim(...parameters);
  if (answer.outcome !== "claimed") throw new Error(`not claimed: ${answer.outcome}`);
  return answer.run;
}

describe("a run", () => {
  test("[store.claim.newer] takes a job only when it is newer than the stored one", async () => {
    const installation = createInstallation();
    const jobId = await submitted(installation);
    expect((await claim(installation, jobId, 2)).outcome).toBe("claimed");
    expect((await claim(installation, jobId, 1, "worker_b")).outcome).toBe("stale");
    expect((await claim(installation, jobId, 2, "worker_b")).outcome).toBe("stale");
    expect((await claim(installation, jobId, 3, "worker_b")).outcome).toBe("claimed");
    expect((await claim(installation, jobId, 1, "worker_b", 1)).outcome).toBe("claimed");
    expect((await claim(installation, jobId, 9, "worker_b", 0)).outcome).toBe("stale");
    // A command that is repeated is the same claim, but not once the run has written something.
    const run = await claimed(installation, jobId, 2, "worker_b", 1);
    expect(await claimed(installation, jobId, 2, "worker_b", 1)).toMatchObject({
      claimed: { crashes: run.claimed.crashes, logLength: run.claimed.logLength },
    });
    await run.write([toolCalled("c1")]);
    expect((await claim(installation, jobId, 2, "worker_b", 1)).outcome).toBe("stale");
  });

  test("[store.claim.terminal] is refused once the job has ended, and when there is no such job", async () => {
    const installation = createInstallation();
    const jobId = await submitted(installation);
    await (await claimed(installation, jobId, 1)).finish(DONE);
    expect((await claim(installation, jobId, 2)).outcome).toBe("terminal");
    expect((await claim(installation, `${jobId.slice(0, -1)}0`, 1)).outcome).toBe("missing");
  });

  test("[store.fence] cannot write any more when a newer one has taken the job over", async () => {
    const installation = createInstallation();
    const jobId = await submitted(installation);
    const paused = await claimed(installation, jobId, 1, "worker_a");
    const current = await claimed(installation, jobId, 2, "worker_b");
    await expect(paused.finish(DONE)).rejects.toThrow(RunRefusedError);
    await current.finish({ ...DONE, result: { ...RESULT, execution_time_ms: 2 } });
    await expect(paused.finish(DONE)).rejects.toThrow(RunRefusedError);

    const snapshot = await installation.createApi().find(TENANT, jobId);
    expect(snapshot?.job).toMatchObject({ status: "completed", worker_id: "worker_b", attempt: 1 });
    expect(snapshot?.job.result).toMatchObject({ execution_time_ms: 2 });
    const types = (await installation.createApi().readLog(jobId, 0, 10)).map((event) => event.type);
    expect(types).toEqual(["job.queued", "job.started", "job.started", "job.completed"]);
  });

  test("[store.fence.worker] cannot write any more when another worker has claimed the same run of it", async () => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const jobId = await submitted(installation);
    const first = await claimed(installation, jobId, 1, "worker_a");
    // As after a failover to a replica that had not heard of the claim.
    await redis.hset(keys.record(jobId), "status", "queued", "run", "0");
    const second = await claimed(installation, jobId, 1, "worker_b");
    const [ofFirst, ofSecond] = [toolCalled("c1"), toolCalled("c2")];
    await expect(first.write([ofFirst])).rejects.toThrow(RunRefusedError);
    await second.write([ofSecond]);
    await second.finish(DONE);
    const log = await redis.lrange(keys.log(jobId), 0, -1);
    expect(log.map((event) => JSON.parse(event)).slice(-2)).toMatchObject([
      { type: "tool.called", tool_call_id: "c2" },
      { type: "job.completed", worker_id: "worker_b" },
    ]);
  });

  test("[store.step.repeated] writes once when the client library repeats a command", async () => {
    const installation = createInstallation();
    const { redis, keys } = installation;
    const jobId = await submitted(installation);
    expect((await claim(installation, jobId, 1)).outcome).toBe("claimed");
    expect((await claim(installation, jobId, 1)).outcome).toBe("claimed");
    const step = [
      keys.events(jobId),
      0,
      1,
      "worker_a",
      1,
      1,
      1024,
      2,
      "status",
      "completed",
      jobId,
      '{"type":"job.completed"}',
    ] as const;
    expect(await redis.millraceStep(keys.record(jobId), keys.log(jobId), ...step)).toBe(3);
    expect(await redis.millraceStep(keys.record(jobId), keys.log(jobId), ...step)).toBe(3);
    expect(await redis.llen(keys.log(jobId))).toBe(3);
  });

  test("[store.deadline.absolute] keeps the deadline of the first start when another worker takes over", async () => {
    const installation = createInstallation();
    const api = installation.createApi();
    const { id } = await api.submit({ tenant: TENANT, request: { ...REQUEST, timeout_ms: 50_000 } });
    const first = await claimed(installation, id, 1);
    expect(first.claimed.remainingMs).toBe(50_000);
    const deadline = await installation.redis.hget(installation.keys.record(id), "deadline");
    const second = await claimed(installation, id, 2, "worker_b");
    expect(second.claimed.remainingMs).toBeLessThanOrEqual(50_000);
    expect(await installation.redis.hget(installation.keys.record(id), "deadline")).toBe(deadline);
    const startedAt = await installation.redis.hget(installation.keys.record(id), "started_at");
    expect(startedAt).toBe(String(first.claimed.startedAt));
    // As if it had been started long ago.
    await installation.redis.hset(installation.keys.record(id), "started_at", 1);
    expect((await claimed(installation, id, 3, "worker_c")).claimed.startedAt).toBe(1);
  });
});
