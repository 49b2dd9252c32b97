import { startTcpProxy } from "@millrace/testing";
import { expect, inject, onTestFinished, test } from "vitest";
import { startAwakeTime } from "../../../test/support/awake-time.ts";
import { closeConnection, firstAttempt, openConnection } from "../src/redis/connection.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { findBatch, uploadLines, uploadWith } from "./support/batches.ts";
import { createInstallation, silentLogger } from "./support/test-installation.ts";

/** 2 s for Redis to answer, and what a busy machine adds; a connection that has died is found out later. */
const SOON_MS = 4_500;

async function startProxy() {
  const { port, hostname } = new URL(inject("redisUrl"));
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  onTestFinished(() => proxy.close());
  return { proxy, url: `redis://127.0.0.1:${proxy.port}` };
}

test("[store.batch.redis] an upload ends soon when Redis goes silent, and is closed only when nothing of it is written any more", async () => {
  const { proxy, url } = await startProxy();
  const here = createInstallation();
  const there = createInstallation(url, here.keyPrefix);
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
  using waited = startAwakeTime();
  await upload.write(uploadLines(3));
  await expect(upload.close("complete")).rejects.toThrow(StoreUnavailableError);
  expect(waited.ms).toBeLessThan(SOON_MS);

  proxy.resume();
  proxy.cut();
  const closed = upload.close("cut");
  await there.redis.ping();
  expect(await findBatch(store, upload.batchId)).toMatchObject({ upload: "receiving", accepted: 3 });
  written.resolve();
  await closed;
  expect(await findBatch(store, upload.batchId)).toMatchObject({ upload: "cut", accepted: 3 });
});

test("[store.batch.redis.cut] an upload whose jobs are being written when the connection breaks is told that Redis was away", async () => {
  const { proxy, url } = await startProxy();
  const here = createInstallation();
  const store = here.createApi();
  const connection = openConnection({ url, role: "request", name: "test", logger: silentLogger });
  onTestFinished(() => closeConnection(connection));
  await firstAttempt(connection);
  const upload = await uploadWith(here, store, () => {
    const answer = connection.ping();
    proxy.cut();
    return answer;
  });
  await upload.write(uploadLines(1));
  await expect(upload.close("complete")).rejects.toThrow(StoreUnavailableError);
  await upload.close("cut");
  expect(await findBatch(store, upload.batchId)).toMatchObject({ upload: "cut" });
});
