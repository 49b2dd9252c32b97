import { startRedisProcess } from "@millrace/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { createInstallation } from "./support/test-installation.ts";

const PROVIDER = "anthropic:";

test("[store.cool-down.shared] is known to every worker, and to each provider alone", async () => {
  const installation = createInstallation();
  const [one, other] = [installation.createWorker(), installation.createWorker()];
  expect(await other.coolDowns.until(PROVIDER)).toBeNull();
  const until = Date.now() + 60_000;
  await one.coolDowns.begin(PROVIDER, until);
  expect(await one.coolDowns.until(PROVIDER)).toBe(until);
  await vi.waitFor(async () => expect(await other.coolDowns.until(PROVIDER)).toBe(until), 20_000);
  expect(await other.coolDowns.until("openai:http://127.0.0.1")).toBeNull();
});

test("[store.cool-down.longest] the longest stands when many begin at once, whatever their order", async () => {
  const installation = createInstallation();
  const [one, other] = [installation.createWorker(), installation.createWorker()];
  const ends = Array.from({ length: 100 }, (_, index) => Date.now() + 60_000 + ((index * 37) % 100) * 100);
  await Promise.all(
    ends.map((until, index) => (index % 2 === 0 ? one : other).coolDowns.begin(PROVIDER, until)),
  );
  expect(await one.coolDowns.until(PROVIDER)).toBe(Math.max(...ends));
});

test("[store.cool-down.reads] many jobs that ask at once are one read", async () => {
  // A Redis of its own, so that nobody else reads meanwhile.
  const server = await startRedisProcess();
  onTestFinished(() => server.close());
  const installation = createInstallation(server.url);
  const { redis } = installation;
  const { coolDowns } = installation.createWorker();
  const reads = async (): Promise<number> =>
    Number(/cmdstat_get:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1] ?? 0);
  await coolDowns.until("other");
  const before = await reads();
  await Promise.all(Array.from({ length: 1_000 }, () => coolDowns.until(PROVIDER)));
  expect((await reads()) - before).toBe(1);
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
