import { startRedisProcess } from "@millrace/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";
import { CoolDowns } from "../src/fleet/cool-downs.ts";
import { createInstallation } from "./support/test-installation.ts";

const PROVIDER = "anthropic:";

/** What a way to Redis and back may take on a busy machine. */
const NEAR_MS = 5_000;

const isNear = (time: number | null, wanted: number): void =>
  expect(Math.abs((time ?? 0) - wanted)).toBeLessThan(NEAR_MS);

test("[store.cool-down.shared] is known to every worker, and to each provider alone", async () => {
  const installation = createInstallation();
  const [one, other] = [installation.createWorker(), installation.createWorker()];
  for (const { coolDowns } of [one, other]) expect(await coolDowns.until(PROVIDER)).toBeNull();
  const until = Date.now() + 60_000;
  await one.coolDowns.begin(PROVIDER, until);
  isNear(await one.coolDowns.until(PROVIDER), until);
  await vi.waitFor(async () => isNear(await other.coolDowns.until(PROVIDER), until), 20_000);
  expect(await other.coolDowns.until("openai:http://127.0.0.1")).toBeNull();
});

test("[store.cool-down.clocks] lasts as long for workers whose clocks differ", async () => {
  const installation = createInstallation();
  const hourMs = 3_600_000;
  const ahead = installation.createWorker({ clock: { now: () => Date.now() + hourMs } });
  const behind = installation.createWorker({ clock: { now: () => Date.now() - hourMs } });
  await ahead.coolDowns.begin(PROVIDER, Date.now() + hourMs + 60_000);
  isNear(await ahead.coolDowns.until(PROVIDER), Date.now() + hourMs + 60_000);
  isNear(await behind.coolDowns.until(PROVIDER), Date.now() - hourMs + 60_000);
});

test("[store.cool-down.longest] the longest stands when many begin at once, whatever their order", async () => {
  const installation = createInstallation();
  const [one, other] = [installation.createWorker(), installation.createWorker()];
  const ends = Array.from(
    { length: 100 },
    (_, index) => Date.now() + 60_000 + ((index * 37) % 100) * 2 * NEAR_MS,
  );
  await Promise.all(
    ends.map((until, index) => (index % 2 === 0 ? one : other).coolDowns.begin(PROVIDER, until)),
  );
  isNear(await one.coolDowns.until(PROVIDER), Math.max(...ends));
});

test("[store.cool-down.reads] many jobs that ask at once are one read", async () => {
  // A Redis of its own, so that nobody else reads meanwhile.
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis } = installation;
  const { coolDowns } = installation.createWorker();
  const reads = async (): Promise<number> =>
    Number(/cmdstat_pttl:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  await coolDowns.until("other");
  const before = await reads();
  await Promise.all(Array.from({ length: 1_000 }, () => coolDowns.until(PROVIDER)));
  expect((await reads()) - before).toBe(1);
});

test("[store.cool-down.reads] a read that fails is not shared with who asks next", async () => {
  const { redis, keys } = createInstallation();
  const coolDowns = new CoolDowns(redis, keys, systemClock);
  vi.spyOn(redis, "pttl").mockRejectedValueOnce(new Error("Connection is closed."));
  await expect(coolDowns.until(PROVIDER)).rejects.toThrow("Connection is closed.");
  expect(await coolDowns.until(PROVIDER)).toBeNull();
});

test("[store.cool-down.over] ends at its time, and leaves nothing in Redis", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const { coolDowns } = installation.createWorker();
  await coolDowns.begin(PROVIDER, Date.now() - 1);
  expect(await redis.exists(keys.coolDown(PROVIDER))).toBe(0);
  await coolDowns.begin(PROVIDER, Date.now() + 50.5);
  await vi.waitFor(async () => expect(await coolDowns.until(PROVIDER)).toBeNull(), 20_000);
  await vi.waitFor(async () => expect(await redis.exists(keys.coolDown(PROVIDER))).toBe(0), 20_000);
});
