import type { JobPage } from "@millrace/contracts";
import { describe, test, vi } from "vitest";
import { checkRun } from "../chaos/checks/check-run.ts";
import { ApiClient } from "../chaos/client/api-client.ts";
import { observeJob, type Observation } from "../chaos/client/observe-job.ts";
import { untilTaking } from "../chaos/client/until-taking.ts";
import type { PlannedJob } from "../chaos/job-plan.ts";
import { readLedgers } from "../chaos/ledger.ts";
import type { ProgramSlot } from "../chaos/system/program-slot.ts";
import { startSystem, type System } from "../chaos/system/system.ts";
import type { ViolationKind } from "../chaos/violation.ts";

const PATIENCE_MS = 120_000;
const TEST_MS = 400_000;

const CHAT: PlannedJob = {
  key: "chat",
  atMs: 0,
  kind: "chat",
  request: { type: "chat", message: "chat", model: "claude", retention_seconds: 300 },
  isFollowed: true,
  cancelAfterMs: null,
  isRepeated: false,
};
const LOOK: PlannedJob = {
  ...CHAT,
  key: "look",
  kind: "look",
  request: { type: "tool", tool: "ledger__look", arguments: { key: "look" }, retention_seconds: 300 },
};

/** One api and two workers that run this program, and a client. */
async function startSabotaged(saboteur: string) {
  const over = new AbortController();
  const { signal } = over;
  await using stack = new AsyncDisposableStack();
  const workerProgram = `chaos/saboteurs/${saboteur}.ts`;
  const system = stack.use(await startSystem({ apis: 1, workers: 2, workerProgram }));
  stack.defer(() => over.abort());
  const client = new ApiClient(system.apiUrls, signal);
  await untilTaking(client, system.workers.length, signal);
  const parts = stack.move();
  return {
    system,
    client,
    observe: (plan: PlannedJob) =>
      observeJob(plan, { client, rereadAfterMs: 0, patienceMs: TEST_MS, signal }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** The worker that runs the only job there is. */
async function holder({ workers }: System, client: ApiClient): Promise<ProgramSlot> {
  const { jobs } = (await client.ask("/jobs")).body as JobPage;
  const found = workers.find(({ slot }) => slot.current.workerId === jobs[0]?.worker_id);
  if (!found) throw new Error(`no worker is ${jobs[0]?.worker_id}`);
  return found.slot;
}

async function kindsOf({ ledgerFolder }: System, seen: Observation): Promise<ViolationKind[]> {
  const violations = checkRun([seen], await readLedgers(ledgerFolder));
  return [...new Set(violations.map(({ kind }) => kind))];
}

describe.concurrent("the chaos suite sees", () => {
  test(
    "[chaos.detects.fence] a worker that was stopped past its lock and makes its calls all the same",
    async ({ expect }) => {
      await using sabotaged = await startSabotaged("no-fence");
      const { system, client, observe } = sabotaged;
      const observed = observe(CHAT);
      await system.models.request(1);
      const stopped = await holder(system, client);
      stopped.current.child.kill("SIGSTOP");
      const seen = await observed;
      expect(seen.job).toMatchObject({ status: "completed" });
      expect(await kindsOf(system, seen)).toEqual([]);

      stopped.current.child.kill("SIGCONT");
      const again = async () => expect(await kindsOf(system, seen)).toContain("call_repeated");
      await vi.waitFor(again, { timeout: PATIENCE_MS, interval: 100 });
    },
    TEST_MS,
  );

  test(
    "[chaos.detects.replay] a job that begins from the beginning after its worker was killed",
    async ({ expect }) => {
      await using sabotaged = await startSabotaged("no-replay");
      const { system, client, observe } = sabotaged;
      const observed = observe(CHAT);
      // The second turn: what the first one called has returned, and that is written.
      await system.models.request(2);
      await (await holder(system, client)).kill();
      expect((await kindsOf(system, await observed)).toSorted()).toEqual(["call_repeated", "step_repeated"]);
    },
    TEST_MS,
  );

  test(
    "[chaos.detects.two_ends] a terminal event that is written twice",
    async ({ expect }) => {
      await using sabotaged = await startSabotaged("two-ends");
      const seen = await sabotaged.observe(LOOK);
      expect(await kindsOf(sabotaged.system, seen)).toContain("terminal_events");
    },
    TEST_MS,
  );
});
