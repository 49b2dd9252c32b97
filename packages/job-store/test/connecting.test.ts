import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createJobStore } from "../src/job-store.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, silentLogger } from "./support/test-installation.ts";

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
}

/** Resolves when the connections of a store are being made, before any socket is looked at. */
async function untilConnecting(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
}

/** The port of a server that takes connections and never says a word, so that TLS waits for it. */
async function startSilentServer(): Promise<number> {
  const open = new Set<Socket>();
  const server = createServer((socket) => open.add(socket.on("error", () => {})));
  onTestFinished(async () => {
    server.close();
    for (const socket of open) socket.destroy();
    await once(server, "close");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

test("[store.redis.stall] a Redis that lets this process in is not given up where it stands still while it connects", async () => {
  const api = createInstallation().createApi();
  await untilConnecting();
  standStill();
  await expect(api.ping()).resolves.toBeUndefined();
});

test("[store.redis.silent] a Redis that lets nobody in is given up when the time is over", async () => {
  const port = await startSilentServer();
  const error = vi.fn<(fields: object) => void>();
  const store = createJobStore({
    redisUrl: `rediss://127.0.0.1:${port}`,
    keyPrefix: "nobody",
    retentionSeconds: 60,
    logger: { ...silentLogger, error },
  });
  onTestFinished(() => store.close());
  await expect(store.ping()).rejects.toBeInstanceOf(StoreUnavailableError);
  await vi.waitFor(
    () =>
      expect(error).toHaveBeenCalledWith(
        expect.objectContaining({ reason: "connect ETIMEDOUT" }),
        expect.stringContaining("does not answer"),
      ),
    PATIENCE_MS,
  );
});
