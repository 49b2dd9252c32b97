import { setTimeout as delay } from "node:timers/promises";
import type { WorkerList } from "@millrace/contracts";
import type { ApiClient } from "./api-client.ts";

const LOOK_EVERY_MS = 100;

/** Resolves when so many workers are there with all their servers connected. */
export async function untilTaking(client: ApiClient, count: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { workers } = (await client.ask("/workers")).body as WorkerList;
    const warm = workers.filter(({ servers }) =>
      Object.values(servers).every((status) => status === "connected"),
    );
    if (warm.length === count) return;
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}
