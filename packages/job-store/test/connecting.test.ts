import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createJobStore } from "../src/job-store.ts";
import { StoreUnavailableError } from "../src/redis/unavailable.ts";
import { PATIENCE_MS } from "./support/run-jobs.ts";
import { createInstallation, silentLogger } from "./support/test-installation.ts";

/** A program that listens, lets two connections wait, and then stands still. */
const FULL_HOUSE = `
  const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    require("node:fs").writeSync(1, String(server.address().port));
    process.kill(process.pid, "SIGSTOP");
  });`;

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500);
}

/** Resolves when the connections of a store are being made, before any socket is looked at. */
async function untilConnecting(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
}

/** A port on which whoever connects waits for ever, as behind a firewall that answers nothing. */
async function startFullHouse(): Promise<number> {
  const child = spawn(process.execPath, ["-e", FULL_HOUSE], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const waiting: Socket[] = [];
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
    for (const socket of waiting) socket.destroy();
  });
  const [written] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(written.toString());
  for (let count = 0; count < 4; count += 1) waiting.push(connect(port, "127.0.0.1").on("error", () => {}));
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, "connect")));
  return port;
}

test("[store.redis.stall] a Redis that lets this process in is not given up where it stands still while it connects", async () => {
  const api = createInstallation().createApi();
  await untilConnecting();
  standStill();
  await expect(api.ping()).resolves.toBeUndefined();
});

test("[store.redis.silent] a Redis that lets nobody in is given up when the time is over", async () => {
  const port = await startFullHouse();
  const error = vi.fn<(fields: object) => void>();
  const store = createJobStore({
    redisUrl: `redis://127.0.0.1:${port}`,
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
