import { expect, test } from "vitest";
import { ReceiverPlaces } from "./receiver-places.ts";

const never = new AbortController().signal;

test("[webhook.fair] slow receivers take no more than their places, and nobody waits behind them", async () => {
  let now = 0;
  const places = new ReceiverPlaces(() => now);
  const take = (tenant: string, origin: string) => places.take(tenant, origin, never);
  const held = await Promise.all(Array.from({ length: 25 }, () => take("alice", "https://a")));
  expect(held).not.toContain(null);
  now = 2_000;
  expect(await take("alice", "https://a")).toBeNull();
  // Her other receivers have places still, but not all that there are.
  for (let count = 0; count < 25; count += 1) expect(await take("alice", "https://b")).not.toBeNull();
  now = 4_000;
  expect(await take("alice", "https://c")).toBeNull();
  expect(await take("bob", "https://a")).not.toBeNull();
  held[0]?.[Symbol.dispose]();
  expect(await take("alice", "https://a")).not.toBeNull();
});

test("[webhook.fair] behind quick attempts one waits for a place", async () => {
  const places = new ReceiverPlaces(() => 0);
  const held = await Promise.all(Array.from({ length: 25 }, () => places.take("alice", "https://a", never)));
  const waiting = places.take("alice", "https://a", never);
  held[0]?.[Symbol.dispose]();
  expect(await waiting).not.toBeNull();
});
