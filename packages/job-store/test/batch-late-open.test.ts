import { expect, test, vi } from "vitest";
import { BatchCancel } from "../src/batches/batch-cancel.ts";
import { Batches } from "../src/batches/batches.ts";
import { systemClock } from "../src/clock.ts";
import { ChannelSubscriptions } from "../src/redis/channel-subscriptions.ts";
import type { Answer } from "../src/redis/answer.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { never } from "./support/run-jobs.ts";
import { createInstallation, silentLogger, TENANT } from "./support/test-installation.ts";

const PATIENCE = { timeout: 20_000 };

test("[store.batch.open.late] an upload that Redis has opened too late is closed, as nobody has it", async () => {
  const { redis, keys } = createInstallation();
  const control = { cancel: () => Promise.resolve(null) };
  let isFirst = true;
  const answer: Answer = async (commands) => {
    const answering = commands();
    if (isFirst) {
      isFirst = false;
      throw new StoreUnavailableError("no answer in time");
    }
    return await answering;
  };
  const batches = new Batches({
    redis,
    keys,
    clock: systemClock,
    subscriptions: new ChannelSubscriptions(redis),
    retentionSeconds: 600,
    answer,
    read: answer,
    writers: [],
    cancelling: new BatchCancel({ redis, keys, control, logger: silentLogger }),
  });
  const upload = { tenant: TENANT, options: {}, idempotencyKey: null, signal: never };
  await expect(batches.open(upload)).rejects.toThrow(StoreUnavailableError);
  await vi.waitFor(async () => {
    const { batches: listed } = await batches.list(TENANT, { limit: 10 });
    expect(listed).toMatchObject([{ status: "completed", upload: "cut", accepted: 0 }]);
  }, PATIENCE);
});
