import { once } from "node:events";
import { expect, test, vi } from "vitest";
import type { Execute } from "../src/run/job-execution.ts";
import type { JobStore } from "../src/job-store.ts";
import { createWorkerStore } from "../src/worker-store.ts";
import { CHAT_DONE, submitChat, toolCalled, toolReturned, turnFinished } from "./support/chat-jobs.ts";
import { killAtEach, PATIENCE, startWorker } from "./support/kill-at-each.ts";
import type { MortalProxy } from "./support/mortal-proxy.ts";
import { eventTypes, FULL, queueEmpty } from "./support/run-jobs.ts";
import { createInstallation, silentLogger, TENANT } from "./support/test-installation.ts";

/** As an agent does: what an earlier start has written is not done again. */
const twoSteps: Execute = async ({ write, readPast }) => {
  const past = new Set((await readPast()).map(({ type }) => type));
  if (!past.has("turn.finished")) await write([turnFinished(1, "c1"), toolCalled("c1")]);
  if (!past.has("tool.returned")) await write([toolReturned("c1", "found")]);
  return CHAT_DONE;
};

test.each(FULL ? ["runs to its end", "parks", "hands its job over"] : ["runs to its end"])(
  "[store.kill.run] a worker killed at any command while it %s leaves a job that another one ends, with no step twice",
  async (kind) => {
    const installation = createInstallation();
    const { redis, keys, keyPrefix } = installation;
    const api = installation.createApi();
    let tellBegin = (): void => undefined;
    const execute: Execute = async (execution) => {
      tellBegin();
      if (kind === "parks" && (await execution.readPast()).length === 0)
        return { status: "parked", reason: "cool_down", until: Date.now() + 500 };
      if (kind === "hands its job over") {
        await once(execution.draining, "abort");
        return { status: "yielded" };
      }
      return await twoSteps(execution);
    };
    const ids: string[] = [];
    const openWorker = (redisUrl: string) => {
      const store = createWorkerStore({ redisUrl, keyPrefix, logger: silentLogger });
      const runner = store.createRunner({ type: "chat", concurrency: 1, execute });
      return { runner, close: async () => (await runner.close(0), await store.close()) };
    };
    const killed = await killAtEach(openWorker, async ({ runner }, number, proxy) => {
      const id = (ids[number] = await submitChat(installation));
      const beginning = new Promise<void>((resolve) => (tellBegin = resolve));
      runner.start();
      if (kind === "hands its job over") {
        await beginning;
        await runner.close(60_000);
        return;
      }
      await untilEnded(api, id, proxy);
      // Nothing of it is left to do.
      await runner.close(60_000);
    });
    expect(killed).toBeGreaterThan(2);
    const active = await redis.lrange(`${keys.queuePrefix("chat")}:chat:active`, 0, -1);
    await Promise.all(active.map((id) => redis.del(`${keys.queuePrefix("chat")}:chat:${id}:lock`)));
    startWorker(installation, twoSteps, "chat");
    for (const id of ids.filter((each): each is string => each !== undefined)) {
      await vi.waitFor(
        async () => expect((await eventTypes(api, id)).at(-1)).toBe("job.completed"),
        PATIENCE,
      );
      const types = await eventTypes(api, id);
      for (const type of ["turn.finished", "tool.returned", "job.completed"]) {
        expect(
          types.filter((other) => other === type),
          types.join(" "),
        ).toHaveLength(1);
      }
      expect((await api.find(TENANT, id))?.job.attempt).toBe(1);
    }
    await queueEmpty(installation, "chat");
  },
  120_000,
);

async function untilEnded(api: JobStore, jobId: string, proxy: MortalProxy): Promise<void> {
  await vi.waitFor(async () => {
    if (proxy.isDead) return;
    expect((await eventTypes(api, jobId)).at(-1)).toBe("job.completed");
  }, PATIENCE);
}
