import { startTcpProxy } from "@millrace/testing";
import { expect, inject, onTestFinished, test } from "vitest";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { findBatch, uploadLines, uploadWith } from "./support/batches.ts";
import { createInstallation } from "./support/test-installation.ts";

/** 2 s for Redis to answer, and what a busy machine adds; a connection that has died is found out later. */
const SOON_MS = 4_500;

test("[store.batch.redis] an upload ends soon when Redis goes silent, and is closed only when nothing of it is written any more", async () => {
  const { port, hostname } = new URL(inject("redisUrl"));
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.close());
  const here = createInstallation();
  const there = createInstallation(`redis://127.0.0.1:${proxy.port}`, here.keyPrefix);
  const store = here.createApi();
  const written = Promise.withResolvers<void>();
  onTestFinished(() => {
    proxy.resume();
    written.resolve();
  });
  // As one whose turn does not come.
  const upload = await uploadWith(there, store, () => {
    proxy.blackHole();
    return written.promise;
  });
  const started = performance.now();
  await upload.write(uploadLines(3));
  await expect(upload.close("complete")).rejects.toThrow(StoreUnavailableError);
  expect(performance.now() - started).toBeLessThan(SOON_MS);

  proxy.resume();
  proxy.cut();
  const closed = upload.close("cut");
  await there.redis.ping();
  expect(await findBatch(store, upload.batchId)).toMatchObject({ upload: "receiving", accepted: 3 });
  written.resolve();
  await closed;
  expect(await findBatch(store, upload.batchId)).toMatchObject({ upload: "cut", accepted: 3 });
});
