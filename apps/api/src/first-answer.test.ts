import { expect, test, vi } from "vitest";
import { firstAnswer } from "./first-answer.ts";

const signal = new AbortController().signal;
const LONG_MS = 60_000;

/** Silent until nobody waits any more. */
function silence(asking: AbortSignal): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  asking.addEventListener("abort", () => resolve(null), { once: true });
  return promise;
}

test("[api.first-answer.turns] the next is asked when one has no answer, and nobody after the first answer", async () => {
  const ask = vi.fn<(name: string) => Promise<string | null>>((name) =>
    Promise.resolve(name === "b" ? "of b" : null),
  );
  const answer = await firstAnswer({ candidates: ["a", "b", "c"], ask, patienceMs: LONG_MS, signal });
  expect(answer).toBe("of b");
  expect(ask.mock.calls.map(([name]) => name)).toEqual(["a", "b"]);
});

test("[api.first-answer.silence] the next is asked as well when one stays silent, which is told at the end", async () => {
  const ended: string[] = [];
  const ask = async (name: string, asking: AbortSignal): Promise<string | null> => {
    if (name === "b") return "of b";
    await silence(asking);
    ended.push(name);
    return null;
  };
  expect(await firstAnswer({ candidates: ["a", "b"], ask, patienceMs: 1, signal })).toBe("of b");
  await vi.waitFor(() => expect(ended).toEqual(["a"]), { timeout: 20_000 });
});

test("[api.first-answer.late] a late answer of the first counts while the second is silent", async () => {
  const second = Promise.withResolvers<undefined>();
  const ask = async (name: string, asking: AbortSignal): Promise<string | null> => {
    if (name === "a") return await second.promise.then(() => "of a");
    second.resolve(undefined);
    return await silence(asking);
  };
  expect(await firstAnswer({ candidates: ["a", "b"], ask, patienceMs: 1, signal })).toBe("of a");
});

test("[api.first-answer.nobody] without an answer it is null, and after the wait nobody else is asked", async () => {
  const ask = vi.fn<(name: string, asking: AbortSignal) => Promise<null>>((_name, asking) => silence(asking));
  const none = { candidates: [], ask, patienceMs: LONG_MS, signal };
  expect(await firstAnswer(none)).toBeNull();
  const waiting = new AbortController();
  const asked = firstAnswer({ ...none, candidates: ["a", "b"], signal: waiting.signal });
  waiting.abort();
  expect(await asked).toBeNull();
  expect(ask).toHaveBeenCalledTimes(1);
});
