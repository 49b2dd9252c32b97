import { inject, onTestFinished } from "vitest";
import type { Execute } from "../../src/run/job-execution.ts";
import { startMortalProxy, type MortalProxy } from "./mortal-proxy.ts";
import { startRunner } from "./run-jobs.ts";
import type { Installation } from "./test-installation.ts";

/** The sweeper leaves alone for 5 s what may still be going on. */
export const PATIENCE = { timeout: 40_000, interval: 200 };
/** More than any of these operations sends. */
const COMMANDS_MAX = 60;

interface Mortal<Store> {
  proxy: MortalProxy;
  store: Store;
}

/**
 * Does it again and again, each time with one command more, until one comes through to its end. Returns how many
 * came before that. `attempt` gets a store and a number of its own, and what it does may hang for ever.
 */
export async function killAtEach<Store extends { close(): Promise<unknown> }>(
  open: (redisUrl: string) => Store,
  attempt: (store: Store, number: number, proxy: MortalProxy) => Promise<unknown>,
): Promise<number> {
  const mortals: Mortal<Store>[] = [];
  onTestFinished(async () => {
    for (const { proxy } of mortals) proxy.revive();
    await Promise.all(mortals.map(({ store }) => store.close()));
    await Promise.all(mortals.map(({ proxy }) => proxy.close()));
  });
  for (let fatal = 1; fatal <= COMMANDS_MAX;) {
    const proxy = await startMortalProxy(inject("redisUrl"), fatal);
    const store = open(proxy.url);
    mortals.push({ proxy, store });
    const done = attempt(store, mortals.length, proxy).then(
      () => "done",
      () => "failed",
    );
    const outcome = await Promise.race([done, proxy.died]);
    if (proxy.isDead) fatal += 1;
    else if (outcome === "done") return mortals.length - 1;
    // Else Redis has not answered in time, as on a busy machine: again.
  }
  throw new Error(`it sends more than ${COMMANDS_MAX} commands`);
}

/** A worker that runs jobs and repairs what it finds. */
export function startWorker(
  installation: Installation,
  execute: Execute,
  type: "tool" | "chat" = "tool",
): void {
  startRunner(installation, execute, { type });
  const sweeper = installation.createWorker().createSweeper();
  installation.onRelease(() => sweeper.close());
  sweeper.start();
}
