import type { KeyReloads } from "@millrace/job-store";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { KeyRing } from "./key-ring.ts";
import { watchKeys } from "./watch-keys.ts";

test("[api.keys.reload.bug] a fault of the api's own while it reads the keys leaves them as they are, and is logged", async () => {
  const path = "/nowhere/api-keys.json";
  const environmentKeys = [{ name: "ops", hash: Buffer.alloc(32) }];
  const keyRing = await KeyRing.open({ environmentKeys, file: { path, isNamed: false } });
  vi.spyOn(keyRing, "reload").mockRejectedValue(new TypeError("not a function"));
  const logged: string[] = [];
  const logger = pino({ base: null }, { write: (line) => void logged.push(line) });
  let announce = (): void => undefined;
  const reloads = { listen: (listener: () => void) => void (announce = listener) };
  using _ = watchKeys({ keyRing, path, reloads: reloads as KeyReloads, logger });
  announce();
  const told = () => expect(logged.join("")).toContain("Bug: the API keys were not read");
  await vi.waitFor(told, 20_000);
  expect(logged.join("")).toContain("not a function");
  expect(keyRing.isEmpty).toBe(false);
});
